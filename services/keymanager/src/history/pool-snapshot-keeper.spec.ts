import { createLogger } from '@keymux/service';
import { expect, it } from 'vitest';
import { createSqlitePoolSnapshots } from '../pool-snapshots/sqlite/pool-snapshots.ts';
import { createMemoryRoster } from '../roster/sqlite/memory-roster.fixture.ts';
import { createPoolSnapshotKeeper } from './pool-snapshot-keeper.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });

async function keeping(fewestEvents: number, mostSnapshots = 24) {
  const roster = createMemoryRoster();
  const snapshots = createSqlitePoolSnapshots(roster.db);
  const keeper = createPoolSnapshotKeeper({
    roster,
    snapshots,
    clock: roster.clock,
    log,
    quietMs: 0,
    fewestEvents,
    mostSnapshots,
  });
  const newest = async () => (await snapshots.latest('g', Number.MAX_SAFE_INTEGER))?.position;
  const secrets = (from: number, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `sk-${from + n}-0123456789abcdef`);
  return { roster, snapshots, keeper, newest, secrets };
}

it('takes a snapshot of a pool when it has changed enough, counting what came before it began', async () => {
  const { roster, keeper, newest, secrets } = await keeping(10);
  await roster.addKeys('g', secrets(0, 12));
  keeper.changed('g', 1);
  await expect.poll(newest, { timeout: 30_000 }).toBe(12);
  await roster.addKeys('g', secrets(12, 5));
  keeper.changed('g', 5);
  await roster.addKeys('g', secrets(17, 5));
  keeper.changed('g', 5);
  await expect.poll(newest, { timeout: 30_000 }).toBe(22);
  await keeper.stop();
  roster.db.close();
});

it('takes none of a pool that changed little, nor after its end', async () => {
  const { roster, keeper, newest, secrets } = await keeping(10);
  await roster.addKeys('g', secrets(0, 3));
  keeper.changed('g', 3);
  keeper.changed('nowhere', 100);
  await keeper.stop();
  keeper.changed('g', 100);
  await keeper.stop();
  expect(await newest()).toBeUndefined();
  roster.db.close();
});

it('keeps no more than so many of a pool', async () => {
  const { roster, snapshots, keeper, newest, secrets } = await keeping(1, 3);
  const sizes = [1, 2, 3, 5, 8, 12, 18];
  for (const [at, size] of sizes.entries()) {
    const before = sizes[at - 1] ?? 0;
    await roster.addKeys('g', secrets(before, size - before));
    keeper.changed('g', size - before);
    await expect.poll(newest, { timeout: 30_000 }).toBe(size);
  }
  await keeper.stop();
  const positions = await snapshots.positions('g');
  expect(positions).toHaveLength(3);
  expect(positions.at(-1)).toBe(18);
  roster.db.close();
});

it('takes all of them anew', async () => {
  const { roster, snapshots, keeper, newest, secrets } = await keeping(1);
  await roster.addKeys('g', secrets(0, 3));
  const wrong = { group: 'g', position: 99, throughMs: 0 };
  await snapshots.put(wrong, [new Uint8Array()]);
  await keeper.anew();
  await expect.poll(newest, { timeout: 30_000 }).toBe(3);
  await keeper.stop();
  roster.db.close();
});
