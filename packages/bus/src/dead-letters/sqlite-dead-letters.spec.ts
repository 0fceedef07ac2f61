import { createLogger, migrate, openDatabase, systemClock } from '@keymux/service';
import { deadLetterConformance } from './conformance.ts';
import { createSqliteDeadLetters, deadLetterMigrations } from './sqlite-dead-letters.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });

deadLetterConformance('SQLite', async () => {
  const opened = openDatabase(':memory:');
  if (opened.kind !== 'open') throw new Error(opened.message);
  const { db } = opened;
  migrate(db, deadLetterMigrations);
  const store = createSqliteDeadLetters({ db, clock: systemClock, log });
  return { store, close: async () => db.close() };
});
