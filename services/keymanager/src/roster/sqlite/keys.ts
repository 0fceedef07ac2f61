import type { DatabaseSync } from 'node:sqlite';
import type { Keys } from '../keys.ts';
import { keyColumns, type KeyRows, readKeyRow, readUsage, usageColumns } from './key-rows.ts';

/** Keys one by one, from SQLite. */
export function createKeys(db: DatabaseSync, rows: KeyRows): Keys {
  const find = db.prepare(
    `SELECT ${keyColumns}, ${usageColumns} FROM keys JOIN pools ON pools.id = pool
       LEFT JOIN usage ON usage.seq = keys.seq WHERE keys.id = ?`,
  );
  return {
    find: async (id) => {
      const row = find.get(id);
      return row === undefined ? undefined : { ...readKeyRow(row), usage: readUsage(row) };
    },
    after: async (seq, limit) => rows.after(seq, limit),
    idsBySecret: async (poolId, fingerprints) => rows.idsBySecret(poolId, fingerprints),
  };
}
