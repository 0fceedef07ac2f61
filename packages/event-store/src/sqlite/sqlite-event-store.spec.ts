import { DatabaseSync } from 'node:sqlite';
import { inTransaction, migrate } from '@keymux/service';
import { expect, it } from 'vitest';
import { eventStoreConformance, testEvent } from '../conformance.ts';
import { createSqliteEventStore, eventStoreMigrations } from './sqlite-event-store.ts';

function make() {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE schema_versions (component TEXT PRIMARY KEY, version INTEGER) STRICT');
  migrate(db, eventStoreMigrations);
  return { db, store: createSqliteEventStore(db) };
}

eventStoreConformance('the SQLite store', () => {
  const { db, store } = make();
  return Promise.resolve({ store, close: async () => db.close() });
});

it('joins a transaction that is open and goes with it', async () => {
  const { db, store } = make();
  const batch = [{ stream: 's', expectedVersion: 0, events: [testEvent('e')] }];
  expect(() =>
    inTransaction(db, () => {
      expect(store.appendNow(batch).kind).toBe('appended');
      throw new Error('the read model failed');
    }),
  ).toThrow('the read model failed');
  expect(await store.read('s')).toEqual([]);
  inTransaction(db, () => store.appendNow(batch));
  expect(await store.read('s')).toHaveLength(1);
});
