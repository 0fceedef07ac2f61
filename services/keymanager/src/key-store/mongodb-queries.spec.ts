import { startWatchedMongoDb, type WatchedMongoDb } from '@keymux/parts/watched-mongodb';
import { createLogger, newId } from '@keymux/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyFilter } from '../roster/key-filter.ts';
import { addKeys, createTested, testClock, testVault } from './conformance/tested.ts';
import type { KeyStore } from './key-store.ts';
import { createMongoKeyStore } from './mongodb.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
const daySeconds = 86_400;
const [clock, vault] = [testClock(), testVault()];
let mongo: WatchedMongoDb;
let store: KeyStore;

const tested = createTested(() => ({
  store,
  vault,
  clock,
  told: [],
  spoil: () => Promise.resolve(),
  spoilVerdict: () => Promise.resolve(),
  close: () => mongo.close(),
}));
const { secretsOf, poolId, apply, blacklist, list } = tested;

/** A pool of a few keys beside a big one, and the events of both. */
let ids: string[] = [];
const [group, others] = ['few', 'many'];
const few = 20;

beforeAll(async () => {
  mongo = await startWatchedMongoDb(`keymux-test-${newId()}`);
  store = createMongoKeyStore({ db: mongo.db, vault, clock, log });
  await store.start();
  const many = await addKeys(tested.on, others, secretsOf(others, 600));
  ids = await addKeys(tested.on, group, secretsOf(group, few));
  await store.roster.ledger.write({ keyIds: many.slice(0, 150) }, (unit) => {
    const origin = { cause: newId(), actor: 'test' };
    for (const id of many.slice(0, 150)) unit.apply(id, blacklist(id, 1), origin);
  });
  for (const id of many.slice(0, 120)) await apply(id, { kind: 'note', note: 'x', nowMs: 1 });
  for (const id of ids.slice(0, 5)) await apply(id, blacklist(id, 2));
}, 300_000);
afterAll(async () => {
  await store.stop();
  await mongo.close();
});

const secret = secretsOf(group, few)[7] ?? '';
const pages = (['created_at', 'requests', 'failures', 'last_used_at'] as const).map((order) => ({
  what: `a page by ${order}`,
  work: async () => {
    const { next } = await list(group, { order, direction: 'descending', limit: 5 });
    await list(group, { order, direction: 'descending', limit: 5, after: next });
  },
}));
const filters = Object.entries<KeyFilter>({
  active: { status: 'active' },
  cooling: { status: 'cooling' },
  blacklisted: { status: 'blacklisted' },
  disabled: { status: 'disabled' },
  'of a rule': { rule: 'billing' },
  'of some time': { sinceMs: 1, untilMs: 3 },
  'with fingerprints': { fingerprints: [vault.fingerprint(secret)] },
}).map(([what, filter]) => ({
  what: `keys ${what}`,
  work: async () => {
    await list(group, { filter });
    await store.roster.list.count(await poolId(group), filter);
  },
}));
const asked = [
  ...pages,
  ...filters,
  { what: 'a pool for a gateway', work: () => store.roster.reader.page(group, null, 10) },
  { what: 'keys that are due', work: () => store.roster.reader.due(group, 9, 10) },
  { what: 'a key to probe with', work: () => store.roster.reader.pick(group) },
  {
    what: 'a key by its secret',
    work: async () => store.roster.search(await poolId(group), secret),
  },
  {
    what: 'a key by its end',
    work: async () => store.roster.search(await poolId(group), secret.slice(-6)),
  },
  {
    what: 'secrets that are there',
    work: async () =>
      store.roster.keys.idsBySecret(await poolId(group), [vault.fingerprint(secret)]),
  },
  { what: 'the events of a key', work: () => store.events.read(`key-${ids[0]}`) },
  { what: 'its newest event', work: () => store.events.newest(`key-${ids[0]}`) },
  { what: 'events from a place on', work: () => store.events.readAll(600, 5) },
  { what: 'a write', work: () => apply(ids[9] ?? '', { kind: 'disable', nowMs: 5 }) },
  {
    what: 'verdicts of a group',
    work: () => store.roster.verdicts.page({ group, before: null, limit: 9 }),
  },
];

describe('MongoDB', () => {
  it.each(asked)(
    'finds $what by an index; the stand-in does not say so, but has one',
    async ({ work }) => {
      const queries = await mongo.queriesOf(work);
      expect(queries).not.toEqual([]);
      for (const query of queries) {
        expect([query, await mongo.isIndexed(query)]).toEqual([query, true]);
      }
    },
  );

  it('shows when there is no such index', async () => {
    const command = { find: 'keys', filter: { note: 'x', created_ms: 1 } };
    expect(await mongo.isIndexed({ collection: 'keys', command })).toBe(false);
  });

  it('drops by itself what is over, and nothing else; the stand-in has the indexes for it, and keeps all', async () => {
    const times = [
      { name: 'keys', field: 'gone_at', seconds: daySeconds },
      { name: 'usage_minutes', field: 'at', seconds: 2 * daySeconds },
      { name: 'uploads', field: 'at', seconds: 30 * daySeconds },
    ];
    const collectionOf = (name: string) => mongo.db.collection<{ _id: string }>(name);
    for (const { name, field, seconds } of times) {
      const ago = (ms: number): Date => new Date(Date.now() - ms);
      await collectionOf(name).insertMany([
        { _id: 'over', [field]: ago((seconds + 60) * 1_000) },
        { _id: 'not yet', [field]: ago((seconds - 3_600) * 1_000) },
      ]);
      const indexes = await collectionOf(name).indexes();
      expect(indexes.filter(({ expireAfterSeconds }) => expireAfterSeconds !== undefined)).toEqual([
        expect.objectContaining({ key: { [field]: 1 }, expireAfterSeconds: seconds }),
      ]);
    }
    const left = () =>
      Promise.all(
        times.map(async ({ name }) => {
          const found = collectionOf(name).find({ _id: { $in: ['over', 'not yet'] } });
          return (await found.sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
        }),
      );
    // A server looks once a minute.
    const kept = mongo.real ? ['not yet'] : ['not yet', 'over'];
    await expect.poll(left, { timeout: 150_000, interval: 1_000 }).toEqual([kept, kept, kept]);
  }, 200_000);
});
