import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { numberIn } from '../../roster/sqlite/columns.ts';
import type { PoolSnapshots } from '../pool-snapshots.ts';

/** Snapshots of pools in a migrated SQLite database. */
export function createSqlitePoolSnapshots(db: DatabaseSync): PoolSnapshots {
  // The first part is written last: with it the others are there.
  const latest = db.prepare(
    `SELECT position, through_ms FROM pool_snapshots
     WHERE group_name = ? AND part = 0 AND through_ms <= ? ORDER BY position DESC LIMIT 1`,
  );
  const one = db.prepare(
    'SELECT keys FROM pool_snapshots WHERE group_name = ? AND position = ? AND part = ?',
  );
  const remove = db.prepare('DELETE FROM pool_snapshots WHERE group_name = ? AND position = ?');
  const all = db.prepare(
    'SELECT position FROM pool_snapshots WHERE group_name = ? AND part = 0 ORDER BY position',
  );
  const put = db.prepare(
    'INSERT INTO pool_snapshots (group_name, position, part, through_ms, keys) VALUES (?, ?, ?, ?, ?)',
  );
  return {
    latest: async (group, atMs) => {
      const row = latest.get(group, atMs);
      if (row === undefined) return undefined;
      return { group, position: numberIn(row, 'position'), throughMs: numberIn(row, 'through_ms') };
    },
    async *parts({ group, position }) {
      for (let part = 0; ; part += 1) {
        const keys = one.get(group, position, part)?.['keys'];
        if (!(keys instanceof Uint8Array)) return;
        yield keys;
        await nextTurn();
      }
    },
    put: async ({ group, position, throughMs }, parts) => {
      remove.run(group, position);
      for (let part = parts.length - 1; part >= 0; part -= 1) {
        put.run(group, position, part, throughMs, parts[part] ?? null);
        await nextTurn();
      }
    },
    positions: async (group) => all.all(group).map((row) => numberIn(row, 'position')),
    remove: async (group, position) => void remove.run(group, position),
    clear: async () => db.exec('DELETE FROM pool_snapshots'),
  };
}
