import { DatabaseSync } from 'node:sqlite';
import { createSqliteEventStore, eventStoreMigrations, isStoreAway } from '@keymux/event-store';
import { migrate } from '@keymux/service';
import { expect, it } from 'vitest';
import { createAudit } from './audit.ts';
import { verifyAudit } from './verify-audit.ts';

function open() {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE schema_versions (component TEXT PRIMARY KEY, version INTEGER) STRICT');
  migrate(db, eventStoreMigrations);
  const store = createSqliteEventStore(db);
  const clock = { now: () => Date.parse('2026-01-01T00:00:00Z') };
  return { db, store, audit: () => createAudit({ store, clock }) };
}

async function withEntries(count: number) {
  const opened = open();
  const audit = opened.audit();
  for (let n = 1; n <= count; n += 1) {
    await audit.record({ type: 'KeyRevealed', actor: 'key', data: { n, of: { b: 1, a: [2] } } });
  }
  return opened;
}

it('finds an empty chain and a long one whole', async () => {
  expect(await verifyAudit(open().store)).toEqual({ kind: 'whole', entries: 0, head: '' });
  const { store } = await withEntries(2_500);
  expect(await verifyAudit(store)).toMatchObject({ kind: 'whole', entries: 2_500 });
});

it('keeps one chain whoever writes, one after the other or at the same time', async () => {
  const { audit, store } = open();
  const writers = [audit(), audit(), audit()];
  await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      writers[n % 3]?.record({ type: 'KeyDeleted', actor: `${n}`, data: {} }),
    ),
  );
  expect(await verifyAudit(store)).toMatchObject({ kind: 'whole', entries: 60 });
});

// Whoever can write the database can change any column of any row.
const rows = [1, 2, 3, 4, 5];
const changes = [
  `data = json_set(data, '$.n', 99)`,
  `data = json_set(data, '$.more', 1)`,
  `data = json_remove(data, '$.of')`,
  `data = json_set(data, '$.hash', 'ab')`,
  `data = json_set(data, '$.prev', 'ab')`,
  `data = json_remove(data, '$.prev', '$.hash')`,
  `actor = 'somebody else'`,
  `time = '2025-01-01T00:00:00.000Z'`,
  `type = 'KeyDeleted'`,
  `id = 'another'`,
];
it.each(rows.flatMap((row) => changes.map((change) => [row, change] as const)))(
  'finds row %i after %s',
  async (row, change) => {
    const { db, store } = await withEntries(5);
    db.exec(`UPDATE events SET ${change} WHERE version = ${row}`);
    expect(await verifyAudit(store)).toMatchObject({ kind: 'broken', version: row });
  },
);

it.each([1, 2, 3, 4])('finds that row %i was deleted', async (row) => {
  const { db, store } = await withEntries(5);
  db.exec(`DELETE FROM events WHERE version = ${row}`);
  expect(await verifyAudit(store)).toMatchObject({
    kind: 'broken',
    version: row + 1,
    why: `entry ${row} is missing`,
  });
});

it('finds that two rows changed places', async () => {
  const { db, store } = await withEntries(5);
  db.exec('UPDATE events SET version = 9 WHERE version = 2');
  db.exec('UPDATE events SET version = 2 WHERE version = 3');
  db.exec('UPDATE events SET version = 3 WHERE version = 9');
  expect(await verifyAudit(store)).toMatchObject({ kind: 'broken', version: 2 });
});

it('asks to be tried again when other writers are always first', async () => {
  const { store } = open();
  const audit = createAudit({
    store: {
      newest: (stream) => store.newest(stream),
      read: (stream, part) => store.read(stream, part),
      append: () => Promise.resolve({ kind: 'conflict', stream: 'audit' }),
    },
    clock: { now: () => 0 },
  });
  const error = await audit
    .record({ type: 'KeyDeleted', actor: 'key', data: {} })
    .catch((thrown: unknown) => thrown);
  expect(isStoreAway(error)).toBe(true);
});

it('shows by its head that the end was cut off', async () => {
  const { db, store } = await withEntries(5);
  const before = await verifyAudit(store);
  db.exec('DELETE FROM events WHERE version = 5');
  const after = await verifyAudit(store);
  expect(after).toMatchObject({ kind: 'whole', entries: 4 });
  expect(after).not.toEqual(before);
});

it('keeps an entry with what it is about, or neither', async () => {
  const { audit, store } = open();
  const about = (expectedVersion: number, id: string) => [
    {
      stream: 'config',
      expectedVersion,
      events: [{ id, type: 'T', time: '', actor: '', data: {} }],
    },
  ];
  const one = audit();
  const entry = { type: 'ConfigChanged', actor: 'key', data: {} } as const;
  expect((await one.append(entry, about(0, 'e1'))).kind).toBe('appended');
  expect(await one.append(entry, about(0, 'e2'))).toEqual({ kind: 'conflict', stream: 'config' });
  expect(await store.read('audit')).toHaveLength(1);
  expect(await verifyAudit(store)).toMatchObject({ kind: 'whole', entries: 1 });
});
