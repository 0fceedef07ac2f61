import { openMigrated } from '../../roster/sqlite/memory-roster.fixture.ts';
import { outcomeArchiveConformance } from '../conformance.ts';
import { createSqliteOutcomeArchive } from './outcome-archive.ts';

outcomeArchiveConformance('the archive in SQLite', async () => {
  const db = openMigrated();
  const archive = createSqliteOutcomeArchive(db);
  return {
    archive,
    put: async (heard) => archive.putNow(heard),
    close: async () => db.close(),
  };
});
