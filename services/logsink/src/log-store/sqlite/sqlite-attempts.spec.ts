import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newestFirst } from '../newest-first.ts';
import { attemptsTable, newAttemptsTable, SqliteAttempts } from './sqlite-attempts.ts';

let db: DatabaseSync;
beforeEach(() => {
  db = new DatabaseSync(':memory:');
  db.exec(attemptsTable + newAttemptsTable);
});
afterEach(() => db.close());

const rowsIn = (table: string): number =>
  Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);

it('finds the rows that tried a key, newest first, whether they are in order yet or not', () => {
  const attempts = new SqliteAttempts(db);
  const rows = 40_000;
  for (let seq = 0; seq < rows; seq += 1) {
    attempts.add(`key ${seq % 7}`, seq % 3, seq);
    if (seq % 500 === 0) attempts.sortWhenMany();
  }
  expect(rowsIn('attempts')).toBeGreaterThan(0);
  expect(rowsIn('new_attempts')).toBeGreaterThan(0);
  expect(rowsIn('attempts') + rowsIn('new_attempts')).toBe(rows);
  const found = [...newestFirst(attempts.ofKey('key 4', null), 30_000)];
  const triedBelow = Array.from({ length: 30_000 }, (_, at) => at).filter((seq) => seq % 7 === 4);
  expect(found).toEqual(triedBelow.toReversed());
});

it('reads of what is in order only the facets that are wanted', () => {
  const attempts = new SqliteAttempts(db);
  for (let seq = 0; seq < 20_000; seq += 1) attempts.add('key', seq % 2, seq);
  attempts.sortWhenMany();
  expect(rowsIn('new_attempts')).toBe(0);
  const found = [...newestFirst(attempts.ofKey('key', new Set([1])), 20_000)];
  expect(found).toEqual(Array.from({ length: 10_000 }, (_, at) => 19_999 - 2 * at));
  expect([...newestFirst(attempts.ofKey('another', null), 20_000)]).toEqual([]);
});

it('counts what waits when it is opened', () => {
  const attempts = new SqliteAttempts(db);
  for (let seq = 0; seq < 16_383; seq += 1) attempts.add('key', 0, seq);
  const again = new SqliteAttempts(db);
  again.sortWhenMany();
  expect([rowsIn('attempts'), rowsIn('new_attempts')]).toEqual([0, 16_383]);
  again.add('key', 0, 16_383);
  again.sortWhenMany();
  expect([rowsIn('attempts'), rowsIn('new_attempts')]).toEqual([16_384, 0]);
});
