import type { DatabaseSync } from 'node:sqlite';
import type { CallName, CallTable } from '@keymux/contracts';
import type { Clock } from '@keymux/service';
import { toPoolKey } from '../pool-key.ts';
import type { PoolReader } from '../pool-reader.ts';
import { numberIn, textIn } from './columns.ts';
import { keyColumns, readKeyRow } from './key-rows.ts';
import type { PoolRows } from './pools.ts';

type CallReply<N extends CallName> = CallTable[N]['reply'];

/** Reads pools from SQLite. */
export function createPoolReader(db: DatabaseSync, pools: PoolRows, clock: Clock): PoolReader {
  const page = db.prepare(
    `SELECT ${keyColumns} FROM keys JOIN pools ON pools.id = pool
     WHERE pool = ? AND keys.seq > ? ORDER BY keys.seq LIMIT ?`,
  );
  const due = db.prepare(
    `SELECT id, sealed FROM keys
     WHERE pool = ? AND status = 'blacklisted' AND checked_ms < ? ORDER BY checked_ms LIMIT ?`,
  );
  const picks = [
    "status = 'active' AND rest_until_ms <= ?1",
    "status = 'active' AND rest_until_ms > ?1",
    "status = 'blacklisted' AND ?1 > 0",
  ].map((which) =>
    db.prepare(
      `SELECT id, sealed, masked FROM keys WHERE ${which} AND pool = ?2 ORDER BY seq LIMIT 1`,
    ),
  );
  const counts = db.prepare(
    `SELECT name, status, count(*) AS keys FROM keys JOIN pools ON pools.id = pool
     WHERE closed = 0 GROUP BY pool, status`,
  );
  const resting = db.prepare(
    `SELECT name, count(*) AS keys FROM keys JOIN pools ON pools.id = pool
     WHERE closed = 0 AND status = 'active' AND rest_until_ms > 0 AND rest_until_ms > ?
     GROUP BY pool`,
  );
  return {
    page: async (group, after, limit) => {
      const pool = pools.find(group);
      if (pool === undefined) return { pool_revision: 0, keys: [], next: null };
      const from = after === null ? 0 : Number(after);
      if (!Number.isSafeInteger(from)) throw new RangeError('no such place in the pool');
      const nowMs = clock.now();
      const rows = page.all(pool.id, from, limit).map(readKeyRow);
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return {
        pool_revision: pool.revision,
        keys: rows.map((row) => toPoolKey(row, nowMs)),
        next: last === undefined ? null : String(last.seq),
      };
    },
    due: async (group, beforeMs, limit) => {
      const pool = pools.find(group);
      const rows = pool === undefined ? [] : due.all(pool.id, beforeMs, limit);
      return {
        keys: rows.map((row) => ({ id: textIn(row, 'id'), sealed: textIn(row, 'sealed') })),
      };
    },
    pick: async (group) => {
      const pool = pools.find(group);
      if (pool === undefined) return { key: null };
      const nowMs = clock.now();
      const row = picks.reduce<Record<string, unknown> | undefined>(
        (found, statement) => found ?? statement.get(nowMs, pool.id),
        undefined,
      );
      if (row === undefined) return { key: null };
      const key = {
        id: textIn(row, 'id'),
        sealed: textIn(row, 'sealed'),
        masked: textIn(row, 'masked'),
      };
      return { key };
    },
    counts: async () => {
      type Counts = CallReply<'keys.counts'>['groups'][string];
      const groups = new Map<string, Counts>();
      const of = (name: string): Counts => {
        const counted = groups.get(name) ?? { active: 0, cooling: 0, blacklisted: 0, disabled: 0 };
        groups.set(name, counted);
        return counted;
      };
      for (const row of counts.all()) {
        const status = textIn(row, 'status');
        if (status !== 'active' && status !== 'blacklisted' && status !== 'disabled') {
          throw new Error(`a key has the unknown status ${status}`);
        }
        of(textIn(row, 'name'))[status] = numberIn(row, 'keys');
      }
      for (const row of resting.all(clock.now())) {
        const group = of(textIn(row, 'name'));
        group.cooling = numberIn(row, 'keys');
        group.active -= group.cooling;
      }
      return Object.fromEntries(groups);
    },
  };
}
