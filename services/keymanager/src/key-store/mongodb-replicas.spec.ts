import type { KeyOutcome, KeyStateChanged } from '@keymux/contracts';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import fc from 'fast-check';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHearOutcomes } from '../hear-outcomes.ts';
import type { TaskRecord } from '../tasks/task-record.ts';
import { addKeys, testClock, testVault } from './conformance/tested.ts';
import { createMongoKeyStore } from './mongodb.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
const group = 'g';
const startMs = Date.parse('2026-01-01T00:00:00Z');
const policy = {
  name: group,
  type: 'standard',
  blacklistThreshold: 2,
  probes: 1,
  probeTimeoutMs: 1000,
} as const;
const groups = {
  loaded: true,
  outcomesKeptMs: 86_400_000,
  seek: (name: string) =>
    Promise.resolve(
      name === group ? ({ kind: 'found', group: policy } as const) : ({ kind: 'none' } as const),
    ),
};

let url = '';
let stop: () => Promise<void> = () => Promise.resolve();
beforeAll(async () => {
  const { part } = await startMongoDb();
  ({ url } = part);
  stop = () => part.stop();
}, 120_000);
afterAll(() => stop());

/** A keymanager's store with a connection of its own, which dies at a number of commands. */
async function startReplica(database: string, diesAt = Number.POSITIVE_INFINITY) {
  const client = new MongoClient(url, {
    monitorCommands: true,
    writeConcern: { w: 'majority', journal: true },
    serverSelectionTimeoutMS: 5_000,
  });
  const clock = testClock();
  clock.nowMs = startMs + 3_600_000;
  const vault = testVault();
  const store = createMongoKeyStore({ db: client.db(database), vault, clock, log });
  const told: KeyStateChanged[] = [];
  let commands = 0;
  let dead = false;
  client.on('commandStarted', () => {
    commands += 1;
    if (commands < diesAt || dead) return;
    dead = true;
    void client.close(true);
  });
  store.roster.ledger.tell(async (messages) => void (dead || told.push(...messages)));
  const hear = createHearOutcomes({
    ledger: store.roster.ledger,
    groups,
    clock,
    log,
    heard: () => undefined,
  });
  return {
    store,
    vault,
    clock,
    told,
    hear,
    get dead() {
      return dead;
    },
    close: () => client.close(true),
  };
}

type Replica = Awaited<ReturnType<typeof startReplica>>;

interface Drawn {
  readonly key: number;
  readonly kind: 'count' | 'success' | 'blacklist' | 'cooldown';
  readonly seconds: number;
  readonly count: number;
}

const at = (seconds: number): string => new Date(startMs + seconds * 1000).toISOString();
const outcome: fc.Arbitrary<Drawn> = fc.record({
  key: fc.integer({ min: 0, max: 2 }),
  kind: fc.constantFrom('count', 'success', 'blacklist', 'cooldown'),
  seconds: fc.integer({ min: 0, max: 600 }),
  count: fc.integer({ min: 1, max: 9 }),
});

function outcomeOf(ids: readonly string[], each: Drawn): KeyOutcome {
  const key_id = ids[each.key] ?? '';
  if (each.kind === 'success') {
    const { count, seconds } = each;
    return { kind: 'success', key_id, at: at(seconds), count, request_id: 'ok' };
  }
  return {
    kind: 'failure',
    key_id,
    at: at(each.seconds),
    verdict: each.kind,
    rule: 'rule',
    status: 401,
    message: 'no',
    upstream: 'https://u',
    model: null,
    until: each.kind === 'cooldown' ? at(each.seconds + 3_600) : null,
    request_id: `r${each.seconds}`,
  };
}

const messageOf = (ids: readonly string[], batch: number, outcomes: readonly Drawn[]) => ({
  id: `p.${batch}.${group}`,
  type: 'keymux.key.outcomes',
  version: 1,
  time: at(0),
  source: 'gateway',
  subject: `key.outcome.${group}`,
  data: {
    group,
    producer: 'p',
    batch,
    acked_through: 0,
    outcomes: outcomes.map((each) => outcomeOf(ids, each)),
  },
});

it('loses no outcome and counts none twice, whoever hears it, however often, and whoever dies', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(outcome, { minLength: 1, maxLength: 4 }), { minLength: 4, maxLength: 10 }),
      fc.array(fc.integer({ min: 4, max: 40 }), { minLength: 3, maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 40, maxLength: 40 }),
      async (batches, lives, draws) => {
        const database = `keymux-test-${newId()}`;
        const first = await startReplica(database);
        await first.store.start();
        const ids = await addKeys(first, group, ['sk-one-0001', 'sk-two-0002', 'sk-three-003']);
        const all: Replica[] = [first];
        const living: Replica[] = [first, await startReplica(database, lives[0])];
        all.push(...living.slice(1));
        const left = lives.slice(1);
        let drawn = 0;
        const draw = (below: number) => (draws[(drawn += 1) % draws.length] ?? 0) % below;
        // Each message comes once to three times, in any order, to any of two replicas.
        const deliveries = batches
          .flatMap((_, n) => Array.from({ length: 1 + draw(3) }, () => n))
          .map((n) => ({ n, key: draw(1_000) }))
          .toSorted((x, y) => x.key - y.key);
        const replicaAt = async (slot: number): Promise<Replica> => {
          const now = living[slot];
          if (now !== undefined && !now.dead) return now;
          // Where one died another one starts; in the end those that live on.
          const next = await startReplica(database, left.shift());
          living[slot] = next;
          all.push(next);
          return next;
        };
        const lanes = [0, 1].map(async (lane) => {
          for (const [index, { n }] of deliveries.entries()) {
            if (index % 2 !== lane) continue;
            for (let slot = draw(2); ; slot = 1 - slot) {
              const replica = await replicaAt(slot);
              const message = messageOf(ids, n + 1, batches[n] ?? []);
              if ((await replica.hear(message, 1)) === 'ack') break;
            }
          }
        });
        await Promise.all(lanes);
        const last = await startReplica(database);
        all.push(last);
        await last.store.start();
        const pending = () =>
          last.store.roster.ledger.write(
            {
              keyIds: ids,
              batch: { producer: 'end', batch: draw(1e9) + drawn, group, acked_through: 0 },
            },
            () => undefined,
          );
        // A write finishes what others left before it.
        await pending();
        const { reader, keys } = last.store.roster;
        for (const [key, id] of ids.entries()) {
          const mine = batches.flat().filter((each) => each.key === key);
          const row = await keys.find(id);
          expect(row?.usage).toMatchObject({
            requests: mine.reduce(
              (sum, each) => sum + (each.kind === 'success' ? each.count : 1),
              0,
            ),
            failures: mine.filter((each) => each.kind !== 'success').length,
          });
          const events = await last.store.events.read(`key-${id}`);
          expect(events.map(({ version }) => version)).toEqual(events.map((_, n) => n + 1));
          expect(row?.version).toBe(events.length);
        }
        const page = await reader.page(group, null, 10);
        const told = all.flatMap((each) => each.told);
        expect(
          [...new Set(told.map((each) => each.pool_revision))].toSorted((x, y) => x - y),
        ).toEqual(Array.from({ length: page.pool_revision }, (_, n) => n + 1));
        // A gateway that hears all of it, in the order of revisions, knows what the store knows.
        const heard = new Map(
          told
            .toSorted((x, y) => x.pool_revision - y.pool_revision)
            .flatMap((each) => each.changes)
            .toSorted((x, y) => x.version - y.version)
            .map((each) => [each.id, each]),
        );
        expect([...heard.values()].toSorted((x, y) => (x.id < y.id ? -1 : 1))).toEqual(
          page.keys.toSorted((x, y) => (x.id < y.id ? -1 : 1)),
        );
        const before = await Promise.all(ids.map((id) => keys.find(id)));
        await last.store.roster.rebuild();
        expect(await Promise.all(ids.map((id) => keys.find(id)))).toEqual(before);
        for (const each of all) {
          await each.store.stop().catch(() => undefined);
          await each.close();
        }
      },
    ),
    // A counterexample says it all; to look for a smaller one would take minutes.
    { numRuns: 8, endOnFailure: true },
  );
}, 300_000);

it('gives a task to one keymanager at a time, and to another when it dies', async () => {
  const database = `keymux-test-${newId()}`;
  const [one, two] = [await startReplica(database), await startReplica(database)];
  await one.store.start();
  const [a = ''] = await addKeys(one, group, ['sk-one-0001']);
  const { id: poolId } = await one.store.roster.pools.open(group);
  const insert = (id: string) =>
    one.store.tasks.insert({
      id,
      kind: 'disable',
      group,
      poolId,
      actor: 'test',
      input: {},
      total: 1,
      result: {},
      createdMs: 1,
    });
  const [older, newer] = [await insert('a'), await insert('b')];
  const claim = (replica: Replica, id: string, nowMs: number) =>
    replica.store.tasks.claim(id, {
      holder: replica === one ? 'one' : 'two',
      nowMs,
      untilMs: nowMs + 10,
    });
  expect(await claim(two, newer.id, 1)).toBeUndefined();
  const held = await claim(one, older.id, 1);
  expect(held?.state).toBe('running');
  expect(await claim(two, older.id, 2)).toBeUndefined();
  // Its lease ran out: the other goes on. The step that both make is written once.
  const taken = await claim(two, older.id, 20);
  expect(taken?.state).toBe('running');
  const step = (replica: Replica) =>
    replica.store.roster.ledger.write({ keyIds: [a], step: taken ?? older }, (unit) => {
      unit.apply(a, { kind: 'disable', nowMs: 1 }, { cause: newId(), actor: 'test' });
      unit.progress({ position: 1, processed: 1, result: { changed: 1 } });
    });
  const kinds = (await Promise.all([step(one), step(two)])).map(({ kind }) => kind);
  expect(kinds.toSorted()).toEqual(['stopped', 'written']);
  expect(await one.store.tasks.find(older.id)).toMatchObject({
    processed: 1,
    result: { changed: 1 },
  });
  await two.store.tasks.move(older.id, { state: 'done', atMs: 30 });
  await two.store.tasks.release('two');
  expect((await claim(one, newer.id, 31))?.id).toBe(newer.id);
  await one.store.stop();
  await Promise.all([one.close(), two.close()]);
}, 60_000);

it('cancels a task between two steps, wherever the one who was at it died', async () => {
  const database = `keymux-test-${newId()}`;
  const living = await startReplica(database);
  await living.store.start();
  const [key = ''] = await addKeys(living, group, ['sk-one-0001']);
  const { tasks, roster } = living.store;
  const { id: poolId } = await roster.pools.open(group);
  const write = (replica: Replica, kind: 'enable' | 'disable', step?: TaskRecord) =>
    replica.store.roster.ledger.write({ keyIds: [key], ...(step && { step }) }, (unit) => {
      unit.apply(key, { kind, nowMs: 1 }, { cause: newId(), actor: 'test' });
      unit.progress({ position: 1, processed: 1, result: { changed: 1 } });
    });
  const ends = [];
  for (let lives = 1; lives <= 14; lives += 1) {
    const id = `task-${lives}`;
    const about = { kind: 'disable', id, group, poolId, actor: 'test', input: {} } as const;
    const task = await tasks.insert({ ...about, total: 1, result: { changed: 0 }, createdMs: 1 });
    const dying = await startReplica(database, lives);
    const stepped = await write(dying, 'disable', task).catch(() => undefined);
    const isCancelled = await tasks.move(id, { state: 'cancelled', atMs: 5, error: 'why' });
    const cancelled = await tasks.find(id);
    const status = (await roster.keys.find(key))?.state.status;
    expect([isCancelled, cancelled?.state, cancelled?.error]).toEqual([true, 'cancelled', 'why']);
    expect(cancelled?.result).toEqual({ changed: status === 'disabled' ? 1 : 0 });
    ends.push([stepped === undefined, status]);
    // A write finishes what others left before it.
    await write(living, 'enable');
    expect(await tasks.find(id)).toEqual(cancelled);
    await dying.close();
  }
  // It died before it wrote the step and after, and lived on.
  for (const end of [
    [true, 'active'],
    [true, 'disabled'],
    [false, 'disabled'],
  ]) {
    expect(ends).toContainEqual(end);
  }
  expect(await tasks.move('task-1', { state: 'cancelled', atMs: 6 })).toBe(false);
  await living.store.stop();
  await living.close();
}, 60_000);

it('adds a secret once, though two keymanagers add it at the same time', async () => {
  const database = `keymux-test-${newId()}`;
  const replicas = [await startReplica(database), await startReplica(database)];
  await replicas[0]?.store.start();
  const secrets = Array.from({ length: 50 }, (_, n) => `sk-both-${String(n).padStart(12, '0')}`);
  const added = await Promise.all(replicas.map((each) => addKeys(each, group, secrets)));
  expect(added.flat()).toHaveLength(50);
  const page = await replicas[0]?.store.roster.reader.page(group, null, 100);
  expect(page?.keys).toHaveLength(50);
  await replicas[0]?.store.stop();
  await Promise.all(replicas.map((each) => each.close()));
}, 60_000);
