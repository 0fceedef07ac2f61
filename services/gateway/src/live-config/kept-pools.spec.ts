import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PoolKey } from '@keymux/contracts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type KeptKeys, KeptPools } from './kept-pools.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keymux-kept-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const key = (id: string, version = 1): PoolKey => ({
  id,
  sealed: 'v1.x',
  masked: 'sk-…',
  state: 'active',
  streak: 0,
  cooldowns: [],
  version,
});
async function all(pools: KeptPools, group: string): Promise<KeptKeys[]> {
  const kept: KeptKeys[] = [];
  for await (const each of pools.read(group)) kept.push(each);
  return kept;
}

it('gives back the pages of a snapshot and what changed after it', async () => {
  const pools = new KeptPools(directory);
  const copy = pools.begin('g');
  copy.page({ revision: 7, keys: [key('a'), key('b')] });
  copy.page({ revision: 7, keys: [key('c')] });
  copy.end();
  pools.add('g', { revision: 8, keys: [key('a', 2)] });
  pools.close();
  const kept = await all(new KeptPools(directory), 'g');
  expect(kept.map((each) => [each.revision, each.keys.map(({ id }) => id)])).toEqual([
    [7, ['a', 'b']],
    [7, ['c']],
    [8, ['a']],
  ]);
});

it('keeps the last whole copy until the next one is whole', async () => {
  const pools = new KeptPools(directory);
  const whole = pools.begin('g');
  whole.page({ revision: 1, keys: [key('a')] });
  whole.end();
  pools.begin('g').page({ revision: 2, keys: [key('b')] });
  pools.begin('g').page({ revision: 3, keys: [key('c')] });
  pools.close();
  expect(await all(new KeptPools(directory), 'g')).toMatchObject([{ revision: 1 }]);
});

it('reads a copy that is torn up to where it is, and nothing of a pool it never had', async () => {
  const pools = new KeptPools(directory);
  const copy = pools.begin('g');
  copy.page({ revision: 1, keys: [key('a')] });
  copy.end();
  pools.close();
  appendFileSync(join(directory, 'pool-g.ndjson'), '{"revision":2,"keys":[{"id":"a","sea');
  expect(await all(new KeptPools(directory), 'g')).toMatchObject([{ revision: 1 }]);
  expect(await all(new KeptPools(directory), 'other')).toEqual([]);
});

it('asks for a new copy when the changes outgrow it, and forgets a group', async () => {
  const pools = new KeptPools(directory);
  const copy = pools.begin('g');
  copy.page({ revision: 1, keys: [] });
  copy.end();
  const many = Array.from({ length: 5_000 }, (_, at) => key(`key-${at}`));
  const long = Array.from({ length: 20 }, (_, at) => pools.add('g', { revision: at, keys: many }));
  expect(long[0]).toBe(false);
  expect(long.at(-1)).toBe(true);
  pools.forget('g');
  expect(await all(pools, 'g')).toEqual([]);
});
