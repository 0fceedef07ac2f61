import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteEventStore } from '@keymux/event-store';
import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import { createVault } from '@keymux/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addKeys, testClock, testVault } from '../key-store/conformance/tested.ts';
import type { KeyStore } from '../key-store/key-store.ts';
import { createMongoKeyStore } from '../key-store/mongodb.ts';
import { createSqliteKeyStore } from '../key-store/sqlite.ts';
import { openMigrated } from '../roster/sqlite/memory-roster.fixture.ts';
import { packHouse } from './pack.ts';
import { unpackHouse } from './unpack.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
const [vault, clock] = [testVault(), testClock()];
const dataDir = mkdtempSync(join(tmpdir(), 'keymux-house-'));
let mongo: Awaited<ReturnType<typeof openMongo>>;
let stop: () => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  const { part } = await startMongoDb();
  mongo = await openMongo({ url: part.url, log });
  stop = () => part.stop();
}, 120_000);
afterAll(async () => {
  await mongo.close();
  await stop();
  rmSync(dataDir, { recursive: true, force: true });
});

function sqlite(): Promise<KeyStore> {
  const db = openMigrated();
  const events = createSqliteEventStore(db);
  return Promise.resolve(createSqliteKeyStore({ db, events, vault, clock, dataDir }));
}

async function mongodb(): Promise<KeyStore> {
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  const store = createMongoKeyStore({ db, vault, clock, log });
  await store.start();
  return store;
}

// A house with all that there may be: other streams, notes, counts, a deleted key, a group that was
// deleted and made again.
async function furnish(store: KeyStore): Promise<void> {
  const event = { type: 'GroupCreated', time: new Date(0).toISOString(), actor: 'a' };
  const data = { 'a.b': { $set: 1 } };
  await store.events.append([
    { stream: 'config', expectedVersion: 0, events: [{ ...event, id: 'c1', data }] },
  ]);
  const { ledger, pools } = store.roster;
  const secrets = Array.from({ length: 40 }, (_, n) => `sk-house-${String(n).padStart(12, '0')}`);
  await addKeys({ store, vault, clock }, 'old', secrets.slice(0, 3));
  const { id } = await pools.open('old');
  await ledger.closePool(id, { cause: 'closing', actor: 'config', nowMs: 1 });
  await addKeys({ store, vault, clock }, 'old', secrets.slice(0, 2));
  const ids = await addKeys({ store, vault, clock }, 'g', secrets);
  const batch = { producer: 'p', batch: 1, group: 'g', acked_through: 0 };
  await ledger.write({ keyIds: ids, batch }, (unit) => {
    const origin = { cause: 'c', actor: 'a' };
    unit.apply(ids[0] ?? '', { kind: 'note', note: 'mine', nowMs: 1 }, origin);
    unit.apply(ids[1] ?? '', { kind: 'delete', nowMs: 1 }, origin);
    unit.apply(ids[2] ?? '', { kind: 'disable', nowMs: 1 }, origin);
    const heard = { group: 'g', producer: 'p', heardMs: 1_700_000_000_000, threshold: 3 };
    const success = { kind: 'success', key_id: ids[3] ?? '', count: 7, request_id: 'r' } as const;
    const outcomes = [{ ...success, at: new Date(heard.heardMs).toISOString() }];
    unit.archive({ ...heard, outcomes, versions: [1] });
    unit.count(ids[3] ?? '', { requests: 7, failures: 2, lastUsedMs: 1_700_000_000_000 });
  });
  await store.events.append([
    { stream: 'config', expectedVersion: 1, events: [{ ...event, id: 'c2', data: {} }] },
  ]);
}

async function pack(store: KeyStore): Promise<string[]> {
  let text = '';
  await packHouse(store, { vault, write: async (line) => void (text += line) });
  return text.trimEnd().split('\n');
}

const unpack = (store: KeyStore, packed: readonly string[], opener = vault) =>
  unpackHouse(store, {
    vault: opener,
    lines: async function* () {
      yield* packed;
    },
  });

describe('moving house', { timeout: 120_000 }, () => {
  it('from SQLite to MongoDB and back leaves everything as it was, sealed', async () => {
    const first = await sqlite();
    await furnish(first);
    const packed = await pack(first);
    expect(packed.join('\n')).not.toContain('sk-house');
    const second = await mongodb();
    const end = await unpack(second, packed);
    expect(end).toMatchObject({ events: 51, pools: 3, keys: 44, outcomes: 1 });
    const again = await pack(second);
    expect(again).toEqual(packed);
    const third = await sqlite();
    await unpack(third, again);
    expect(await pack(third)).toEqual(packed);
    // It is lived in: a known secret is known, and versions go on.
    expect(await addKeys({ store: second, vault, clock }, 'g', ['sk-house-000000000005'])).toEqual(
      [],
    );
    expect(
      await addKeys({ store: second, vault, clock }, 'old', ['sk-house-000000000005']),
    ).toHaveLength(1);
    await second.stop();
  });

  it('goes on with what was cut off, and changes nothing when it is done again', async () => {
    const first = await sqlite();
    await furnish(first);
    const packed = await pack(first);
    for (const make of [sqlite, mongodb]) {
      const target = await make();
      const events = await first.events.readAll(0, 20);
      // As a move that died after some events left it.
      for (const { stream, version, ...event } of events) {
        await target.events.append([{ stream, expectedVersion: version - 1, events: [event] }]);
      }
      await unpack(target, packed);
      await unpack(target, packed);
      expect(await pack(target)).toEqual(packed);
      await target.stop();
    }
  });

  it('refuses what is damaged, cut off, under another key or for a house that is lived in', async () => {
    const first = await sqlite();
    await furnish(first);
    const packed = await pack(first);
    const empty = await sqlite();
    const refused: [readonly string[], RegExp][] = [
      [packed.slice(0, -1), /its end is missing/],
      [packed.toSpliced(5, 1), /damaged/],
      [packed.map((line) => line.replace('"mine"', '"ours"')), /damaged/],
      [packed.toSpliced(3, 1, 'what?'), /line 4 of the file is unreadable/],
      [packed.slice(1), /line 1 of the file is out of place/],
      [[...packed, ...packed], /out of place/],
      [[], /cut off/],
    ];
    for (const [lines, message] of refused) {
      await expect(unpack(empty, lines)).rejects.toThrow(message);
    }
    await expect(unpack(empty, packed, createVault('another'))).rejects.toThrow(/ENCRYPTION_KEY/);
    expect(await empty.events.readAll(0, 1)).toEqual([]);
    const other = await sqlite();
    await addKeys({ store: other, vault, clock }, 'x', ['sk-other-00000001']);
    await expect(unpack(other, packed)).rejects.toThrow(/other data/);
    await first.tasks.insert({
      id: 't',
      kind: 'import',
      group: 'g',
      poolId: 1,
      actor: 'a',
      input: {},
      total: 1,
      result: {},
      createdMs: 1,
    });
    await expect(pack(first)).rejects.toThrow(/1 tasks are not finished/);
  });
});
