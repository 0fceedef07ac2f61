import type { DatabaseSync } from 'node:sqlite';
import type { SqliteEventStore } from '@keymux/event-store';
import type { Clock } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { SqliteTaskStore } from '../../tasks/sqlite/task-store.ts';
import type { SqliteOutcomeArchive } from '../../outcome-archive/sqlite/outcome-archive.ts';
import type { Roster } from '../roster.ts';
import { numberIn } from './columns.ts';
import { createKeyList } from './key-list.ts';
import { createKeyRows } from './key-rows.ts';
import { createKeySearch } from './key-search.ts';
import { createKeys } from './keys.ts';
import { createLedger } from './ledger.ts';
import { createOutcomeMarks } from './outcome-marks.ts';
import { createPoolReader } from './pool-reader.ts';
import { createPoolRows, createPools } from './pools.ts';
import { rebuildRoster } from '../rebuild.ts';
import { createRosterPlaces } from './rebuild.ts';
import { createUsageCounters } from './usage.ts';
import { createVerdictRows } from './verdicts.ts';

/** The roster in a migrated SQLite database that it shares with the event store and the tasks. */
export function createSqliteRoster(deps: {
  readonly db: DatabaseSync;
  readonly store: SqliteEventStore;
  readonly tasks: SqliteTaskStore;
  readonly archive: SqliteOutcomeArchive;
  readonly vault: Vault;
  readonly clock: Clock;
}): Roster {
  const { db, store, tasks, archive, vault, clock } = deps;
  const rows = createKeyRows(db);
  const pools = createPoolRows(db);
  const usage = createUsageCounters(db);
  const marks = createOutcomeMarks(db);
  const last = db.prepare('SELECT coalesce(max(position), 0) AS position FROM events');
  const verdicts = createVerdictRows(db);
  const places = createRosterPlaces({ db, store, rows, pools, verdicts });
  return {
    keys: createKeys(db, rows),
    pools: createPools(pools),
    ledger: createLedger({ db, store, tasks, rows, pools, usage, marks, archive, verdicts, clock }),
    list: createKeyList(db, clock),
    search: createKeySearch(db, vault),
    reader: createPoolReader(db, pools, clock),
    verdicts,
    // Events and keys are written in one transaction.
    foldedThrough: async () => numberIn(last.get() ?? {}, 'position'),
    rebuild: (watch) => rebuildRoster(store, places, watch),
  };
}
