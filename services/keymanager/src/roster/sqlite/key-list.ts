import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '@keymux/service';
import type { KeyFilter } from '../key-filter.ts';
import type { KeyList, KeyOrder, ListRequest } from '../key-list.ts';
import type { ListedKey } from '../keys.ts';
import { numberIn } from './columns.ts';
import { conditionOf } from './condition.ts';
import { keyColumns, readKeyRow, readUsage, usageColumns } from './key-rows.ts';

const orderColumns: Record<KeyOrder, string> = {
  created_at: 'keys.seq',
  last_used_at: 'coalesce(last_used_ms, 0)',
  requests: 'coalesce(requests, 0)',
  failures: 'coalesce(failures, 0)',
};

/** Lists from SQLite. */
export function createKeyList(db: DatabaseSync, clock: Clock): KeyList {
  const last = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM keys WHERE pool = ?');
  const from = 'keys JOIN pools ON pools.id = pool LEFT JOIN usage ON usage.seq = keys.seq';
  const count = (poolId: number, filter: KeyFilter, more = ''): number => {
    const condition = conditionOf(poolId, filter, clock.now());
    const row = db
      .prepare(`SELECT count(*) AS count FROM keys WHERE ${condition.sql} ${more}`)
      .get(...condition.values);
    return row === undefined ? 0 : numberIn(row, 'count');
  };
  function page({ poolId, filter, order, direction, after, limit }: ListRequest) {
    const condition = conditionOf(poolId, filter, clock.now());
    const column = orderColumns[order];
    const [sign, way] = direction === 'ascending' ? ['>', 'ASC'] : ['<', 'DESC'];
    const later = after === null ? '' : `AND (${column}, keys.seq) ${sign} (?, ?)`;
    const rows = db
      .prepare(
        `SELECT ${keyColumns}, ${usageColumns}, ${column} AS value
         FROM ${from} WHERE ${condition.sql} ${later}
         ORDER BY ${column} ${way}, keys.seq ${way} LIMIT ?`,
      )
      .all(
        ...condition.values,
        ...(after === null ? [] : [after.value, after.seq]),
        // One more, which tells whether there is a next page.
        limit + 1,
      );
    const keys: ListedKey[] = rows
      .slice(0, limit)
      .map((row) => ({ ...readKeyRow(row), usage: readUsage(row) }));
    const end = rows.length > limit ? rows[limit - 1] : undefined;
    const next =
      end === undefined ? null : { value: numberIn(end, 'value'), seq: numberIn(end, 'seq') };
    return { keys, next };
  }

  return {
    page: async (request) => page(request),
    count: async (poolId, filter) => {
      if (filter.status !== 'active') return count(poolId, filter);
      // Two counts that an index answers are faster than looking at every active key's rest.
      const { status: _, ...others } = filter;
      const cooling = count(poolId, { ...others, status: 'cooling' });
      return count(poolId, others, "AND status = 'active'") - cooling;
    },
    lastSeq: async (poolId) => {
      const row = last.get(poolId);
      return row === undefined ? 0 : numberIn(row, 'seq');
    },
  };
}
