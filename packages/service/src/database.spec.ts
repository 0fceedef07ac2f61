import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction, migrate, openDatabase, type Migration } from './database.ts';

let folder = '';
const opened: DatabaseSync[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keymux-database-'));
});
afterEach(() => {
  for (const db of opened.splice(0)) if (db.isOpen) db.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(path: string, options: { readOnly?: boolean } = {}): DatabaseSync {
  const result = openDatabase(path, options);
  if (result.kind !== 'open') throw new Error(result.message);
  opened.push(result.db);
  return result.db;
}

function problemOf(path: string, options: { readOnly?: boolean } = {}): string {
  const result = openDatabase(path, options);
  if (result.kind !== 'database_problem') throw new Error('it opened');
  return result.message;
}

const keys: Migration[] = [
  { component: 'keys', version: 1, up: 'CREATE TABLE keys (id TEXT PRIMARY KEY) STRICT' },
  { component: 'keys', version: 2, up: "ALTER TABLE keys ADD COLUMN note TEXT DEFAULT ''" },
];

describe('openDatabase', () => {
  it('creates the folder and a file that only its owner reads, with write-ahead logging', () => {
    const path = join(folder, 'data', 'keymux.db');
    const db = open(path);
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(db.prepare('PRAGMA foreign_keys').get()).toEqual({ foreign_keys: 1 });
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 1 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  });

  it('opens its own file again', () => {
    const path = join(folder, 'keymux.db');
    const first = open(path);
    first.exec('CREATE TABLE t (a) ; INSERT INTO t VALUES (1)');
    first.close();
    expect(open(path).prepare('SELECT a FROM t').get()).toEqual({ a: 1 });
  });

  it('reads beside a writer when asked to, and then cannot write', () => {
    const path = join(folder, 'keymux.db');
    open(path).exec('CREATE TABLE t (a)');
    const reader = open(path, { readOnly: true });
    expect(reader.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 });
    expect(() => reader.exec('INSERT INTO t VALUES (1)')).toThrow(/readonly/);
  });

  it('does not make a file when it shall only read', () => {
    const path = join(folder, 'keymux.db');
    expect(problemOf(path, { readOnly: true })).toContain(path);
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a database of a newer Keymux and leaves it byte for byte', () => {
    const path = join(folder, 'keymux.db');
    const db = open(path);
    db.exec('PRAGMA user_version = 7');
    db.close();
    copyFileSync(path, `${path}.before`);
    expect(problemOf(path)).toBe(
      `${path} was written by a newer Keymux (schema 7), this one knows up to 1`,
    );
    expect(readFileSync(path).equals(readFileSync(`${path}.before`))).toBe(true);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  it('refuses a database of another program and leaves it byte for byte', () => {
    const path = join(folder, 'other.db');
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE bookmarks (a)');
    other.close();
    const before = readFileSync(path);
    expect(problemOf(path)).toBe(`${path} is a database of another program`);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('refuses a file that is no database and leaves it', () => {
    const path = join(folder, 'notes.txt');
    writeFileSync(path, 'dear diary, '.repeat(500));
    expect(problemOf(path)).toBe(`${path} is not a SQLite database`);
    expect(readFileSync(path, 'utf8')).toBe('dear diary, '.repeat(500));
  });

  it('names a path that is a folder, and a folder that is a file', () => {
    mkdirSync(join(folder, 'keymux.db'));
    expect(problemOf(join(folder, 'keymux.db'))).toContain(join(folder, 'keymux.db'));
    writeFileSync(join(folder, 'file'), '');
    expect(problemOf(join(folder, 'file', 'keymux.db'))).toMatch(
      /^cannot open .*(EEXIST|ENOTDIR)$/,
    );
  });
});

describe('migrate', () => {
  it('runs each step of each component once, in order', () => {
    const path = join(folder, 'keymux.db');
    const db = open(path);
    expect(migrate(db, keys.slice(0, 1))).toEqual({ kind: 'migrated', applied: 1 });
    const more: Migration[] = [
      ...keys,
      { component: 'tasks', version: 1, up: (at) => at.exec('CREATE TABLE tasks (id TEXT)') },
    ];
    expect(migrate(db, more)).toEqual({ kind: 'migrated', applied: 2 });
    expect(migrate(db, more)).toEqual({ kind: 'migrated', applied: 0 });
    db.exec("INSERT INTO keys VALUES ('a', 'b')");
  });

  it('refuses tables of a newer Keymux', () => {
    const db = open(join(folder, 'keymux.db'));
    migrate(db, keys);
    expect(migrate(db, keys.slice(0, 1))).toMatchObject({
      kind: 'database_problem',
      message: expect.stringMatching(
        /\(keys\) was written by a newer Keymux \(schema 2\), this one knows up to 1$/,
      ),
    });
  });

  it('changes nothing when a step fails', () => {
    const db = open(join(folder, 'keymux.db'));
    const broken: Migration[] = [...keys, { component: 'keys', version: 3, up: 'NOT SQL' }];
    expect(() => migrate(db, broken)).toThrow(/syntax error/);
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'keys'").get()).toBeUndefined();
    expect(migrate(db, keys)).toEqual({ kind: 'migrated', applied: 2 });
  });

  it('says that the disk is full, and changes nothing', () => {
    const db = open(join(folder, 'keymux.db'));
    db.exec('PRAGMA max_page_count = 5');
    const big: Migration[] = [
      { component: 'big', version: 1, up: 'CREATE TABLE big AS SELECT zeroblob(1000000) AS b' },
    ];
    expect(migrate(db, big)).toMatchObject({ message: expect.stringMatching(/is full$/) });
    db.exec('PRAGMA max_page_count = 100000');
    expect(migrate(db, big)).toEqual({ kind: 'migrated', applied: 1 });
  });

  it('says that another process holds the lock', () => {
    const path = join(folder, 'keymux.db');
    const db = open(path);
    const other = open(path);
    other.exec('PRAGMA busy_timeout = 1');
    db.exec('BEGIN IMMEDIATE');
    expect(migrate(other, keys)).toMatchObject({ message: expect.stringMatching(/is locked/) });
  });

  it('finds gaps in the numbers of a component at once', () => {
    const db = open(join(folder, 'keymux.db'));
    expect(() => migrate(db, keys.slice(1))).toThrow(/step 1 is numbered 2/);
  });
});

describe('inTransaction', () => {
  it('commits what returns and rolls back what throws', () => {
    const db = open(join(folder, 'keymux.db'));
    migrate(db, keys);
    inTransaction(db, () => db.exec("INSERT INTO keys(id) VALUES ('a')"));
    expect(() =>
      inTransaction(db, () => {
        db.exec("INSERT INTO keys(id) VALUES ('b')");
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(db.prepare('SELECT count(*) AS n FROM keys').get()).toEqual({ n: 1 });
  });
});
