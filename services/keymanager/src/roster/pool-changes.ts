import type { PoolKey } from '@keymux/contracts';
import { isLive } from '../key/state.ts';
import { toPoolKey } from './pool-key.ts';
import type { ChangedKey } from './unit.ts';

/** What gateways need to hear of changed keys, by pool. */
export function changesByPool(
  changed: readonly Omit<ChangedKey, 'before' | 'createdMs'>[],
  nowMs: number,
): Map<number, { group: string; changes: PoolKey[] }> {
  const pools = new Map<number, { group: string; changes: PoolKey[] }>();
  for (const { id, poolId, group, version, state, repaired } of changed) {
    const of = pools.get(poolId) ?? { group, changes: [] };
    const key = isLive(state)
      ? toPoolKey({ id, version, state }, nowMs)
      : deletedPoolKey(id, version);
    of.changes.push(repaired === true ? { ...key, repaired } : key);
    pools.set(poolId, of);
  }
  return pools;
}

const deletedPoolKey = (id: string, version: number): PoolKey => ({
  id,
  sealed: '',
  masked: '',
  state: 'deleted',
  streak: 0,
  cooldowns: [],
  version,
});
