import { openMigrated } from '../../roster/sqlite/memory-roster.fixture.ts';
import { poolSnapshotsConformance } from '../conformance.ts';
import { createSqlitePoolSnapshots } from './pool-snapshots.ts';

poolSnapshotsConformance('snapshots of pools in SQLite', async () => {
  const db = openMigrated();
  return { snapshots: createSqlitePoolSnapshots(db), close: async () => db.close() };
});
