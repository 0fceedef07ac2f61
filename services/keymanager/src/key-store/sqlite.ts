import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { SqliteEventStore } from '@keymux/event-store';
import type { Clock } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import { createSqliteGoods } from '../house/sqlite-goods.ts';
import { createDiskSpool } from '../import/disk/disk-spool.ts';
import { createSqliteKeySnapshots } from '../key-snapshots/sqlite/key-snapshots.ts';
import { createSqliteOutcomeArchive } from '../outcome-archive/sqlite/outcome-archive.ts';
import { createSqlitePoolSnapshots } from '../pool-snapshots/sqlite/pool-snapshots.ts';
import { createSqliteRoster } from '../roster/sqlite/roster.ts';
import { createSqliteTaskStore } from '../tasks/sqlite/task-store.ts';
import type { KeyStore } from './key-store.ts';

/** Keeps keys in a migrated SQLite database that `events` shares, and uploads in `tasks` of the data folder. */
export function createSqliteKeyStore(deps: {
  readonly db: DatabaseSync;
  readonly events: SqliteEventStore;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly dataDir: string;
}): KeyStore {
  const { db, events, vault, clock, dataDir } = deps;
  const tasks = createSqliteTaskStore(db);
  const archive = createSqliteOutcomeArchive(db);
  return {
    events,
    roster: createSqliteRoster({ db, store: events, tasks, archive, vault, clock }),
    tasks,
    archive,
    snapshots: createSqliteKeySnapshots(db),
    poolSnapshots: createSqlitePoolSnapshots(db),
    spool: createDiskSpool(join(dataDir, 'tasks')),
    goods: createSqliteGoods(db),
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}
