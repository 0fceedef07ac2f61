import type { CallTable } from '@keymux/contracts';
import type { Clock } from '@keymux/service';
import type { Filter } from 'mongodb';
import { toPoolKey } from '../pool-key.ts';
import type { PoolReader } from '../pool-reader.ts';
import type { Pools } from '../pools.ts';
import type { KeyCollections, KeyDocument } from './collections.ts';
import { keysIn } from './key-document.ts';

type Counts = CallTable['keys.counts']['reply']['groups'][string];

/** Reads pools from MongoDB. */
export function createPoolReader(
  { keys }: Pick<KeyCollections, 'keys'>,
  pools: Pools,
  clock: Clock,
): PoolReader {
  return {
    page: async (group, after, limit) => {
      // Before the keys: they may only be newer than the revision says.
      const pool = await pools.find(group);
      if (pool === undefined) return { pool_revision: 0, keys: [], next: null };
      const from = after === null ? 0 : Number(after);
      if (!Number.isSafeInteger(from)) throw new RangeError('no such place in the pool');
      const nowMs = clock.now();
      const found = await keys
        .find({ pool: pool.id, seq: { $gt: from } })
        .sort({ seq: 1 })
        .limit(limit)
        .toArray();
      const last = found.length === limit ? found.at(-1) : undefined;
      return {
        pool_revision: pool.revision,
        keys: keysIn(found).map((row) => toPoolKey(row, nowMs)),
        next: last === undefined ? null : String(last.seq),
      };
    },
    due: async (group, beforeMs, limit) => {
      const pool = await pools.find(group);
      if (pool === undefined) return { keys: [] };
      const found = await keys
        .find(
          { pool: pool.id, status: 'blacklisted', checked_ms: { $lt: beforeMs } },
          { projection: { sealed: 1 } },
        )
        .sort({ checked_ms: 1 })
        .limit(limit)
        .toArray();
      return { keys: found.map(({ _id, sealed }) => ({ id: _id, sealed })) };
    },
    pick: async (group) => {
      const pool = await pools.find(group);
      if (pool === undefined) return { key: null };
      const nowMs = clock.now();
      const choices: Filter<KeyDocument>[] = [
        { status: 'active', rest_until_ms: { $lte: nowMs } },
        { status: 'active', rest_until_ms: { $gt: nowMs } },
        { status: 'blacklisted' },
      ];
      for (const choice of choices) {
        const found = await keys
          .find({ pool: pool.id, ...choice })
          .sort({ seq: 1 })
          .limit(1)
          .next();
        if (found === null) continue;
        return { key: { id: found._id, sealed: found.sealed, masked: found.masked } };
      }
      return { key: null };
    },
    counts: async () => {
      const names = new Map((await pools.all()).map(({ id, name }) => [id, name]));
      const groups = new Map<string, Counts>();
      const of = (name: string): Counts => {
        const counted = groups.get(name) ?? { active: 0, cooling: 0, blacklisted: 0, disabled: 0 };
        groups.set(name, counted);
        return counted;
      };
      const counted = keys.aggregate<{
        _id: { pool: number; status: 'active' | 'blacklisted' | 'disabled' };
        keys: number;
      }>([
        { $match: { pool: { $in: [...names.keys()] } } },
        { $group: { _id: { pool: '$pool', status: '$status' }, keys: { $sum: 1 } } },
      ]);
      for await (const { _id, keys: number } of counted) {
        of(names.get(_id.pool) ?? '')[_id.status] = number;
      }
      const resting = keys.aggregate<{ _id: number; keys: number }>([
        {
          $match: {
            pool: { $in: [...names.keys()] },
            status: 'active',
            rest_until_ms: { $gt: clock.now() },
          },
        },
        { $group: { _id: '$pool', keys: { $sum: 1 } } },
      ]);
      for await (const { _id, keys: number } of resting) {
        const group = of(names.get(_id) ?? '');
        group.cooling = number;
        group.active -= number;
      }
      return Object.fromEntries(groups);
    },
  };
}
