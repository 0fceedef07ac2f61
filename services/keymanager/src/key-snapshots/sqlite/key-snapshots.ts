import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from '@keymux/service';
import { numberIn, textIn } from '../../roster/sqlite/columns.ts';
import type { KeySnapshots } from '../key-snapshots.ts';

/** Snapshots in a migrated SQLite database. */
export function createSqliteKeySnapshots(db: DatabaseSync): KeySnapshots {
  const latest = db.prepare(
    `SELECT version, through_ms, state FROM key_snapshots
     WHERE key_id = ? AND through_ms <= ? ORDER BY version DESC LIMIT 1`,
  );
  const put = db.prepare(
    'INSERT OR REPLACE INTO key_snapshots (key_id, version, through_ms, state) VALUES (?, ?, ?, ?)',
  );
  return {
    latest: async (id, atMs) => {
      const row = latest.get(id, atMs);
      if (row === undefined) return undefined;
      const version = numberIn(row, 'version');
      return { id, version, throughMs: numberIn(row, 'through_ms'), text: textIn(row, 'state') };
    },
    clear: async () => db.exec('DELETE FROM key_snapshots'),
    put: async (snapshots) => {
      if (snapshots.length === 0) return;
      inTransaction(db, () => {
        for (const { id, version, throughMs, text } of snapshots) {
          put.run(id, version, throughMs, text);
        }
      });
    },
  };
}
