import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from '@keymux/service';
import { numberIn, textIn } from '../roster/sqlite/columns.ts';
import { readUsage, usageColumns } from '../roster/sqlite/key-rows.ts';
import type { Goods } from './goods.ts';

/** Goods in SQLite. */
export function createSqliteGoods(db: DatabaseSync): Goods {
  const pools = db.prepare('SELECT * FROM pools ORDER BY id');
  const putPool = db.prepare(
    'INSERT OR IGNORE INTO pools (id, name, revision, closed) VALUES (?, ?, ?, ?)',
  );
  const usage = db.prepare(
    `SELECT keys.seq, id, ${usageColumns} FROM keys LEFT JOIN usage ON usage.seq = keys.seq
     WHERE keys.seq > ? ORDER BY keys.seq LIMIT ?`,
  );
  const putUsage = db.prepare(
    `INSERT INTO usage SELECT seq, ?, ?, ? FROM keys WHERE id = ? ON CONFLICT DO UPDATE SET
       requests = excluded.requests, failures = excluded.failures,
       last_used_ms = excluded.last_used_ms`,
  );
  return {
    pools: async () =>
      pools.all().map((row) => ({
        id: numberIn(row, 'id'),
        name: textIn(row, 'name'),
        revision: numberIn(row, 'revision'),
        closed: numberIn(row, 'closed') === 1,
      })),
    putPools: async (all) =>
      inTransaction(db, () => {
        for (const { id, name, revision, closed } of all) {
          putPool.run(id, name, revision, closed ? 1 : 0);
        }
      }),
    usage: async (afterSeq, limit) => {
      const rows = usage.all(afterSeq, limit);
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return {
        items: rows.map((row) => ({ id: textIn(row, 'id'), ...readUsage(row) })),
        next: last === undefined ? null : numberIn(last, 'seq'),
      };
    },
    putUsage: async (items) =>
      inTransaction(db, () => {
        for (const { id, requests, failures, lastUsedMs } of items) {
          putUsage.run(requests, failures, lastUsedMs, id);
        }
      }),
  };
}
