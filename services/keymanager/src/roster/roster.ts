import type { DatabaseSync } from 'node:sqlite';
import type { KeyStateChanged } from '@keymux/contracts';
import type { SqliteEventStore } from '@keymux/event-store';
import type { Clock } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import { createKeyList, type KeyList } from './key-list.ts';
import { createKeyRows, type KeyRows } from './key-rows.ts';
import { createKeySearch, type SearchKeys } from './key-search.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createOutcomeMarks, type OutcomeMarks } from './outcome-marks.ts';
import { createPoolReader, type PoolReader } from './pool-reader.ts';
import { createPools, type Pools } from './pools.ts';
import { createUsageCounters, type UsageCounters } from './usage.ts';

/** All that is known of keys now: what is read directly, and the ledger through which it changes. */
export interface Roster {
  readonly keys: Pick<KeyRows, 'byId' | 'idBySecret' | 'after'>;
  readonly pools: Pools;
  readonly usage: UsageCounters;
  readonly marks: OutcomeMarks;
  readonly ledger: Ledger;
  readonly list: KeyList;
  readonly search: SearchKeys;
  readonly reader: PoolReader;
}

/** The roster in a migrated SQLite database that it shares with the event store. */
export function createRoster(deps: {
  readonly db: DatabaseSync;
  readonly store: Pick<SqliteEventStore, 'appendNow' | 'read'>;
  readonly vault: Vault;
  readonly clock: Clock;
  /** What gateways must hear, after each commit. */
  readonly changed: (messages: readonly KeyStateChanged[]) => void;
}): Roster {
  const { db, store, vault, clock, changed } = deps;
  const rows = createKeyRows(db);
  const pools = createPools(db);
  return {
    keys: rows,
    pools,
    usage: createUsageCounters(db),
    marks: createOutcomeMarks(db),
    ledger: createLedger({ db, store, rows, pools, clock, changed }),
    list: createKeyList(db, clock),
    search: createKeySearch(db, vault),
    reader: createPoolReader(db, pools, clock),
  };
}
