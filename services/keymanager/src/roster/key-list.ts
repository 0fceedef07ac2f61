import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '@keymux/service';
import { numberIn } from './columns.ts';
import { conditionOf, type KeyFilter } from './key-filter.ts';
import { keyColumns, type KeyRow, readKeyRow } from './key-rows.ts';
import type { Usage } from './usage.ts';

/** What a list of keys is ordered by; keys that are alike stay in the order of their import. */
export type KeyOrder = 'created_at' | 'last_used_at' | 'requests' | 'failures';

/** Where the next page begins: after the key with this value and number. */
export interface ListPosition {
  readonly value: number;
  readonly seq: number;
}

export interface ListedKey extends KeyRow {
  readonly usage: Usage;
}

/** The keys of a pool in pages. */
export interface KeyList {
  page(request: {
    readonly poolId: number;
    readonly filter: KeyFilter;
    readonly order: KeyOrder;
    readonly direction: 'ascending' | 'descending';
    readonly after: ListPosition | null;
    readonly limit: number;
  }): { keys: ListedKey[]; next: ListPosition | null };
  count(poolId: number, filter: KeyFilter): number;
  /** The number of the newest key of a pool; 0 for none. */
  lastSeq(poolId: number): number;
}

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
  return {
    page: ({ poolId, filter, order, direction, after, limit }) => {
      const condition = conditionOf(poolId, filter, clock.now());
      const column = orderColumns[order];
      const [sign, way] = direction === 'ascending' ? ['>', 'ASC'] : ['<', 'DESC'];
      const later = after === null ? '' : `AND (${column}, keys.seq) ${sign} (?, ?)`;
      const rows = db
        .prepare(
          `SELECT ${keyColumns}, ${column} AS value, coalesce(requests, 0) AS requests,
             coalesce(failures, 0) AS failures, coalesce(last_used_ms, 0) AS last_used_ms
           FROM ${from} WHERE ${condition.sql} ${later}
           ORDER BY ${column} ${way}, keys.seq ${way} LIMIT ?`,
        )
        .all(
          ...condition.values,
          ...(after === null ? [] : [after.value, after.seq]),
          // One more, which tells whether there is a next page.
          limit + 1,
        );
      const keys = rows.slice(0, limit).map((row) => ({
        ...readKeyRow(row),
        usage: {
          requests: numberIn(row, 'requests'),
          failures: numberIn(row, 'failures'),
          lastUsedMs: numberIn(row, 'last_used_ms'),
        },
      }));
      const end = rows.length > limit ? rows[limit - 1] : undefined;
      const next =
        end === undefined ? null : { value: numberIn(end, 'value'), seq: numberIn(end, 'seq') };
      return { keys, next };
    },
    count: (poolId, filter) => {
      if (filter.status !== 'active') return count(poolId, filter);
      // Two counts that an index answers are faster than looking at every active key's rest.
      const { status: _, ...others } = filter;
      const cooling = count(poolId, { ...others, status: 'cooling' });
      return count(poolId, others, "AND status = 'active'") - cooling;
    },
    lastSeq: (poolId) => {
      const row = last.get(poolId);
      return row === undefined ? 0 : numberIn(row, 'seq');
    },
  };
}
