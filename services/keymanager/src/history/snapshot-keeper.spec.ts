import { createLogger } from '@keymux/service';
import { expect, it } from 'vitest';
import { streamOfKey } from '../key/stored-fact.ts';
import { createSqliteKeySnapshots } from '../key-snapshots/sqlite/key-snapshots.ts';
import { createMemoryRoster } from '../roster/sqlite/memory-roster.fixture.ts';
import { createSnapshotKeeper } from './snapshot-keeper.ts';

it('a long life has its snapshots before anybody asks for its past', async () => {
  const { store, clock, addKeys, db } = createMemoryRoster();
  const snapshots = createSqliteKeySnapshots(db);
  const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
  const keeper = createSnapshotKeeper({ store, snapshots, clock, log });
  const [id = ''] = await addKeys('g', ['sk-one-000000000000']);
  const time = new Date(clock.nowMs).toISOString();
  const events = Array.from({ length: 1_100 }, (_, n) => {
    const data = { note: `n${n}` };
    return { id: `e${n}`, type: 'KeyNoted', time, actor: 'test', data };
  });
  await store.append([{ stream: streamOfKey(id), expectedVersion: 1, events }]);
  keeper.changed(id, 499);
  keeper.changed(id, 1_101);
  const newest = async () => (await snapshots.latest(id, clock.nowMs))?.version;
  await expect.poll(newest, { timeout: 30_000 }).toBe(1_000);
  await keeper.stop();
  db.exec('DELETE FROM key_snapshots');
  keeper.changed(id, 5_000);
  await keeper.stop();
  expect(await newest()).toBeUndefined();
  db.close();
});
