import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { eventStoreMigrations } from '@keymux/event-store';
import { inTransaction, migrate, openDatabase } from '@keymux/service';
import { describe, expect, it } from 'vitest';
import { freshCondition } from '../../key/state.ts';
import type { KeyRow } from '../keys.ts';
import { numberIn } from './columns.ts';
import { createKeyRows } from './key-rows.ts';
import { openMigrated } from './memory-roster.fixture.ts';
import { keymanagerMigrations } from './tables.ts';

const many = 40_000;
const fingerprintOf = (n: number): string => createHash('sha256').update(`${n}`).digest('hex');
const rowOf = (n: number, masked = `sk-…${n % 1_000}`): KeyRow => {
  const who = { group: 'g', fingerprint: fingerprintOf(n), sealed: 's', masked, note: '' };
  const state = { ...who, ...freshCondition };
  return { seq: 0, id: `k${n}`, poolId: 1, version: 1, createdMs: 1, state };
};
const countIn = (db: DatabaseSync, table: string): number =>
  numberIn(db.prepare(`SELECT count(*) AS count FROM ${table}`).get() ?? {}, 'count');

function openPool(): DatabaseSync {
  const db = openMigrated();
  db.exec("INSERT INTO pools VALUES (1, 'g', 0, 0)");
  return db;
}

describe('keys are found by their secrets', () => {
  it.each([
    ['fresh and settled ones alike', undefined],
    ['also when all their masks end alike', '…'],
  ])('%s', (_, masked) => {
    const db = openPool();
    const rows = createKeyRows(db);
    const numbers = Array.from({ length: many }, (_each, n) => n);
    inTransaction(db, () => {
      for (const n of numbers) rows.insert(rowOf(n, masked));
    });
    expect(countIn(db, 'fresh_key_hints')).toBeLessThanOrEqual(33_000);
    expect(countIn(db, 'all_key_hints')).toBe(2 * many);
    const found = rows.idsBySecret(1, numbers.map(fingerprintOf));
    expect(found).toEqual(new Map(numbers.map((n) => [fingerprintOf(n), `k${n}`])));
    expect(rows.idsBySecret(1, [fingerprintOf(many)])).toEqual(new Map());
    expect(rows.idsBySecret(2, [fingerprintOf(0)])).toEqual(new Map());
  });

  it('after a write that was taken back', () => {
    const db = openPool();
    const rows = createKeyRows(db);
    const insertSome = (from: number): void => {
      for (let n = from; n < from + many; n += 1) rows.insert(rowOf(n));
    };
    const broken = (): void => {
      insertSome(0);
      throw new Error('no');
    };
    expect(() => inTransaction(db, broken)).toThrow('no');
    inTransaction(db, () => insertSome(many));
    expect(countIn(db, 'fresh_key_hints')).toBeLessThanOrEqual(33_000);
    expect(rows.idsBySecret(1, [fingerprintOf(1), fingerprintOf(many)])).toEqual(
      new Map([[fingerprintOf(many), `k${many}`]]),
    );
  });

  it('as they are now, and not when they are gone', () => {
    const db = openPool();
    const rows = createKeyRows(db);
    for (const n of [0, 1, 2]) rows.insert(rowOf(n));
    db.exec('INSERT INTO key_hints SELECT * FROM fresh_key_hints; DELETE FROM fresh_key_hints');
    const [first = rowOf(0), second = rowOf(1), third = rowOf(2)] = rows.after(0, 3);
    const resealed = { ...first.state, fingerprint: fingerprintOf(3) };
    rows.update(first, { version: 2, state: resealed });
    rows.update(second, { version: 0, state: { ...second.state, fingerprint: fingerprintOf(4) } });
    rows.remove(third.seq);
    expect(rows.idsBySecret(1, [0, 1, 2, 3, 4].map(fingerprintOf))).toEqual(
      new Map([
        [fingerprintOf(3), 'k0'],
        [fingerprintOf(1), 'k1'],
      ]),
    );
    expect(countIn(db, 'all_key_hints')).toBe(4);
  });

  it('as they are sealed anew one after the other, each without a look at all others', () => {
    const db = openPool();
    const rows = createKeyRows(db);
    inTransaction(db, () => {
      for (let n = 0; n < many; n += 1) rows.insert(rowOf(n));
    });
    // A scan of all hints for each of them would take minutes.
    inTransaction(db, () => {
      for (const row of rows.after(0, many)) {
        const fingerprint = fingerprintOf(many + row.seq);
        rows.update(row, { version: 2, state: { ...row.state, fingerprint } });
      }
    });
    expect(countIn(db, 'all_key_hints')).toBe(2 * many);
    expect(rows.idsBySecret(1, [0, many + 1].map(fingerprintOf)).size).toBe(1);
  });

  it('in a database from before there were hints', async () => {
    const opened = openDatabase(':memory:');
    if (opened.kind !== 'open') throw new Error(opened.message);
    const { db } = opened;
    migrate(db, [...eventStoreMigrations, ...keymanagerMigrations.slice(0, 5)]);
    db.exec("INSERT INTO pools VALUES (1, 'g', 0, 0)");
    db.exec(
      `INSERT INTO keys VALUES
        (7, 'k7', 1, '${fingerprintOf(7)}', 's', 'sk-…xyz', '', 'active', 0, '', 1, 1, 0, NULL, NULL)`,
    );
    migrate(db, [...eventStoreMigrations, ...keymanagerMigrations]);
    const rows = createKeyRows(db);
    expect(rows.idsBySecret(1, [fingerprintOf(7)])).toEqual(new Map([[fingerprintOf(7), 'k7']]));
    expect(db.prepare('SELECT hint, seq FROM all_key_hints ORDER BY hint').all()).toEqual([
      { hint: fingerprintOf(7).slice(0, 8), seq: 7 },
      { hint: 'xyz', seq: 7 },
    ]);
  });
});
