import { createSqliteEventStore } from '@keymux/event-store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { streamOfKey } from '../key/stored-fact.ts';
import { createSqliteKeySnapshots } from '../key-snapshots/sqlite/key-snapshots.ts';
import { openMigrated } from '../roster/sqlite/memory-roster.fixture.ts';
import { readKeyThen } from './key-then.ts';
import { counted, event, lifeOf, startMs } from './long-life.fixture.ts';

const count = 3_210;
const db = openMigrated();
const events = createSqliteEventStore(db);
const snapshots = createSqliteKeySnapshots(db);

beforeAll(async () => {
  await events.append([lifeOf('k', count)]);
});
afterAll(() => db.close());

const moments = [-1, 0, 1, 499, 500, 1_777, count - 1, count + 10].map((s) => startMs + s * 1_000);

it('a key is the same at every moment with snapshots, without them, and with unreadable ones', async () => {
  const all = async () => {
    const states = [];
    for (const atMs of moments) {
      const then = await readKeyThen({ store: events, snapshots }, 'k', atMs);
      states.push(then && [then.version, then.state.streak, then.state.failure?.request_id]);
    }
    return states;
  };
  const cold = await all();
  expect(cold[0]).toBeUndefined();
  expect(cold[1]).toEqual([1, 0, undefined]);
  expect(cold[5]).toEqual([1_778, 1_777 % 7, 'r1777']);
  expect(cold[7]).toEqual(cold[6]);
  expect(await all()).toEqual(cold);
  db.exec(`UPDATE key_snapshots SET state = '{"form":0}'`);
  expect(await all()).toEqual(cold);
  db.exec('DELETE FROM key_snapshots');
  expect(await all()).toEqual(cold);
});

it('a second look at a long life reads only what came after a snapshot', async () => {
  db.exec('DELETE FROM key_snapshots');
  const [first, second] = [counted(events), counted(events)];
  await readKeyThen({ store: first.store, snapshots }, 'k', startMs + count * 1_000);
  await readKeyThen({ store: second.store, snapshots }, 'k', startMs + count * 1_000);
  expect(first.read()).toBe(count);
  expect(second.read()).toBe(count % 500);
});

it('a snapshot holds nothing that is under an encryption key', async () => {
  await readKeyThen({ store: events, snapshots }, 'k', startMs + count * 1_000);
  const rows = db.prepare('SELECT state FROM key_snapshots').all();
  expect(rows.length).toBe(6);
  expect(JSON.stringify(rows)).not.toMatch(/the-sealed|the-fingerprint|sealed|fingerprint/);
});

it('an event counts only when all before it had happened', async () => {
  const late = [event('late', 0), event('late', 20), event('late', 10)];
  await events.append([{ stream: streamOfKey('late'), expectedVersion: 0, events: late }]);
  const versionAt = async (s: number) =>
    (await readKeyThen({ store: events, snapshots }, 'late', startMs + s * 1_000))?.version;
  expect(await Promise.all([9, 15, 20].map(versionAt))).toEqual([1, 1, 3]);
});
