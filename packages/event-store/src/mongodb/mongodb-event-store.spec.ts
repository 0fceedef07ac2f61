import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventStoreConformance, testEvent } from '../conformance.ts';
import { createMongoEventStore } from './mongodb-event-store.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
let url = '';
let stop: () => Promise<void> = () => Promise.resolve();
beforeAll(async () => {
  const { part } = await startMongoDb();
  ({ url } = part);
  stop = () => part.stop();
}, 120_000);
afterAll(() => stop());

async function make() {
  const mongo = await openMongo({ url, log });
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  const store = createMongoEventStore(db);
  await store.log.prepare();
  return {
    store,
    close: async () => {
      await db.dropDatabase();
      await mongo.close();
    },
  };
}

eventStoreConformance('the MongoDB store', make);

it('gives no position twice and skips none, whoever writes', async () => {
  const { store: first, close } = await make();
  const second = createMongoEventStore(first.log.commits.db);
  const streams = Array.from({ length: 40 }, (_, n) => `s${n}`);
  const appended = await Promise.all(
    streams.map((stream, n) =>
      (n % 2 === 0 ? first : second).append([
        {
          stream,
          expectedVersion: 0,
          events: [testEvent(`${stream}-1`), testEvent(`${stream}-2`)],
        },
      ]),
    ),
  );
  const positions = appended.map((each) => (each.kind === 'appended' ? each.position : 0));
  expect(positions.toSorted((a, b) => a - b)).toEqual(streams.map((_, n) => 2 * (n + 1)));
  expect((await second.readAll(0, 100)).map(({ position }) => position)).toEqual(
    Array.from({ length: 80 }, (_, n) => n + 1),
  );
  await close();
});

it('answers one of two commits that claim the same name, and tells what it keeps beside the events', async () => {
  const { store, close } = await make();
  const commit = (about: string) => store.log.commit({ batch: [], claims: ['batch 1'], about });
  const both = await Promise.all([commit('a'), commit('b')]);
  expect(both.map((each) => each.kind).toSorted()).toEqual(['claimed', 'committed']);
  const [kept] = await store.log.commits.find({ pending: true }).toArray();
  expect(['a', 'b']).toContain(kept?.about);
  expect(await store.readAll(0, 10)).toEqual([]);
  expect(
    await store.append([{ stream: 's', expectedVersion: 0, events: [testEvent('e')] }]),
  ).toEqual({ kind: 'appended', position: 2 });
  await close();
});

it('answers a version that leaves a gap with a conflict', async () => {
  const { store, close } = await make();
  const batch = [{ stream: 's', expectedVersion: 3, events: [testEvent('e')] }];
  expect(await store.append(batch)).toEqual({ kind: 'conflict', stream: 's' });
  await close();
});
