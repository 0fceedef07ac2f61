import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, migrate, type Migration, openDatabase } from '@keymux/service';
import type { Rollup } from '../../rollups/rollup.ts';
import type { Stretch } from '../../rollups/span.ts';
import { rollupTable, SqliteRollups } from './sqlite-rollups.ts';

const keptMigrations: readonly Migration[] = [
  {
    component: 'kept-rollups',
    version: 1,
    up: `${rollupTable}
    CREATE TABLE dropped (before_day TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;`,
  },
];

/** What stays of days that were dropped: their rollups, and that they were dropped. */
export class SqliteKept {
  readonly #db: DatabaseSync;
  readonly #rollups: SqliteRollups;

  constructor(path: string) {
    const opened = openDatabase(path);
    if (opened.kind !== 'open') throw new Error(opened.message);
    const migrated = migrate(opened.db, keptMigrations);
    if (migrated.kind !== 'migrated') {
      opened.db.close();
      throw new Error(migrated.message);
    }
    this.#db = opened.db;
    this.#rollups = new SqliteRollups(opened.db);
  }

  /** The first day that was not dropped; rows before it come too late. Empty when none was. */
  get droppedBefore(): string {
    const last = this.#db.prepare('SELECT max(before_day) AS day FROM dropped').get()?.['day'];
    return typeof last === 'string' ? last : '';
  }

  /** Takes over what a day adds up to, and that it and all before it are dropped, in one transaction. */
  takeOver(rollups: Readonly<Record<'hour' | 'day', readonly Rollup[]>>, beforeDay: string): void {
    inTransaction(this.#db, () => {
      this.#rollups.add(rollups.hour, 'hour');
      this.#rollups.add(rollups.day, 'day');
      this.#db.prepare('INSERT OR IGNORE INTO dropped VALUES (?)').run(beforeDay);
    });
  }

  rollups(stretch: Stretch): Generator<Rollup> {
    return this.#rollups.within(stretch);
  }

  close(): void {
    this.#db.close();
  }
}
