import type { DatabaseSync } from 'node:sqlite';
import { refuseStart } from './begin-process.ts';
import { type Migration, migrate, openDatabase } from './database.ts';
import type { Service } from './lifecycle.ts';

/** Opens a SQLite file and brings it up to date; refuses the start where that cannot be. */
export function openStore(
  path: string,
  migrations: readonly Migration[],
): { readonly db: DatabaseSync; readonly part: Service } {
  const opened = openDatabase(path);
  if (opened.kind !== 'open') refuseStart(opened.message);
  const { db } = opened;
  const migrated = migrate(db, migrations);
  if (migrated.kind !== 'migrated') refuseStart(migrated.message);
  const part: Service = {
    name: 'store',
    start: () => Promise.resolve(),
    stop: async () => db.close(),
  };
  return { db, part };
}
