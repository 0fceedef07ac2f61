import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** "KMUX": tells a database of ours from that of another program (SQLite's `application_id`). */
const applicationId = 0x4b4d5558;
/** The layout of the file as a whole (SQLite's `user_version`); components number their own tables. */
const knownSchema = 1;
const busyTimeoutMs = 5_000;

/** Why a database cannot be used, as one line for a person. The file was left as it is. */
export interface DatabaseProblem {
  kind: 'database_problem';
  message: string;
}

/** One step of a component's tables; `version` counts from 1 without gaps. */
export interface Migration {
  component: string;
  version: number;
  /** Statements, or a function for what SQL alone cannot do; runs inside a transaction. */
  up: string | ((db: DatabaseSync) => void);
}

const problem = (message: string): DatabaseProblem => ({ kind: 'database_problem', message });

function newerProblem(what: string, found: number, known: number): DatabaseProblem {
  return problem(
    `${what} was written by a newer Keymux (schema ${found}), this one knows up to ${known}`,
  );
}

/** SQLite's primary result code (https://sqlite.org/rescode.html); undefined for any other error. */
export function sqliteErrorCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

function describeFileError(path: string, code: string): string {
  if (code === 'EROFS') return `${path} or its folder is read-only`;
  if (code === 'ENOSPC') return `the disk that holds ${path} is full`;
  if (code === 'EACCES')
    return `permission denied for ${path}: Keymux must be able to write its folder`;
  return `cannot open ${path}: ${code}`;
}

/** Says in one line what a disk or a file did to SQLite; rethrows what is a bug of ours. */
export function describeDatabaseError(path: string, error: unknown): DatabaseProblem {
  switch (sqliteErrorCode(error)) {
    case 5:
    case 6:
      return problem(`${path} is locked by another process`);
    case 8:
      return problem(`${path} or its folder is read-only`);
    case 10:
      return problem(`the disk failed reading or writing ${path}`);
    case 11:
      return problem(`${path} is damaged: restore it from a backup`);
    case 13:
      return problem(`the disk that holds ${path} is full`);
    case 14:
      return problem(`${path} cannot be opened: is its folder there, and may Keymux write to it?`);
    case 23:
      return problem(`permission denied for ${path}`);
    case 26:
      return problem(`${path} is not a SQLite database`);
    default:
      if (error instanceof Error && 'code' in error && 'syscall' in error) {
        return problem(describeFileError(path, String(error.code)));
      }
      throw error;
  }
}

function numberFrom(db: DatabaseSync, sql: string): number {
  const row = db.prepare(sql).get();
  const value = row === undefined ? undefined : Object.values(row)[0];
  return typeof value === 'number' ? value : 0;
}

// Before any pragma that writes, so that a file that is not ours stays as it is.
function whyNotOurs(db: DatabaseSync, path: string): DatabaseProblem | undefined {
  const owner = numberFrom(db, 'PRAGMA application_id');
  const version = numberFrom(db, 'PRAGMA user_version');
  const empty = numberFrom(db, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (owner !== applicationId && !(empty && owner === 0)) {
    return problem(`${path} is a database of another program`);
  }
  return version > knownSchema ? newerProblem(path, version, knownSchema) : undefined;
}

function prepare(db: DatabaseSync, readOnly: boolean): void {
  // What is deleted or sealed anew must not stay readable in free pages.
  db.exec('PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON');
  if (readOnly) return;
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  db.exec('BEGIN IMMEDIATE');
  db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${knownSchema}`);
  db.exec(
    'CREATE TABLE IF NOT EXISTS schema_versions (component TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT',
  );
  db.exec('COMMIT');
}

function makePrivateFile(path: string): void {
  if (path === ':memory:') return;
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) return;
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

/**
 * Opens or creates the database file at `path` (`:memory:` too) with write-ahead logging. The caller closes it.
 * Returns a {@link DatabaseProblem} for a file that is not ours, newer than this program, locked or not writable.
 */
export function openDatabase(
  path: string,
  options: { readOnly?: boolean } = {},
): { kind: 'open'; db: DatabaseSync } | DatabaseProblem {
  const readOnly = options.readOnly ?? false;
  let db: DatabaseSync | undefined;
  try {
    if (!readOnly) makePrivateFile(path);
    db = new DatabaseSync(path, { readOnly, timeout: busyTimeoutMs });
    const refused = whyNotOurs(db, path);
    if (refused === undefined) {
      prepare(db, readOnly);
      return { kind: 'open', db };
    }
    db.close();
    return refused;
  } catch (error) {
    db?.close();
    return describeDatabaseError(path, error);
  }
}

/** Runs `work` in one transaction that takes the write lock at once; rolls back and rethrows if it throws. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk makes SQLite roll back by itself.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function groupByComponent(migrations: readonly Migration[]): Map<string, Migration[]> {
  const components = new Map<string, Migration[]>();
  for (const migration of migrations) {
    const steps = components.get(migration.component) ?? [];
    steps.push(migration);
    if (migration.version !== steps.length) {
      throw new RangeError(
        `migrations of ${migration.component}: step ${steps.length} is numbered ${migration.version}`,
      );
    }
    components.set(migration.component, steps);
  }
  return components;
}

/**
 * Brings the tables of each component up to date, all steps of all components in one transaction: a failing step leaves
 * the database as it was. Tables that a newer Keymux made are a {@link DatabaseProblem}, a full disk too.
 */
export function migrate(
  db: DatabaseSync,
  migrations: readonly Migration[],
): { kind: 'migrated'; applied: number } | DatabaseProblem {
  const where = db.location() ?? 'the database';
  const components = groupByComponent(migrations);
  try {
    return inTransaction(db, () => {
      const pending: Migration[] = [];
      const find = db.prepare('SELECT version FROM schema_versions WHERE component = ?');
      for (const [component, steps] of components) {
        const version = Number(find.get(component)?.['version'] ?? 0);
        if (version > steps.length) {
          return newerProblem(`${where} (${component})`, version, steps.length);
        }
        pending.push(...steps.slice(version));
      }
      const remember = db.prepare(
        'INSERT INTO schema_versions VALUES (?, ?) ON CONFLICT DO UPDATE SET version = excluded.version',
      );
      for (const { component, version, up } of pending) {
        if (typeof up === 'string') db.exec(up);
        else up(db);
        remember.run(component, version);
      }
      return { kind: 'migrated', applied: pending.length } as const;
    });
  } catch (error) {
    return describeDatabaseError(where, error);
  }
}
