import { openMigrated } from '../../roster/sqlite/memory-roster.fixture.ts';
import { keySnapshotsConformance } from '../conformance.ts';
import { createSqliteKeySnapshots } from './key-snapshots.ts';

keySnapshotsConformance('snapshots in SQLite', async () => {
  const db = openMigrated();
  return { snapshots: createSqliteKeySnapshots(db), close: async () => db.close() };
});
