import type { EventStore } from '@keymux/event-store';
import type { Goods } from '../house/goods.ts';
import type { Spool } from '../import/spool.ts';
import type { KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import type { OutcomeArchive } from '../outcome-archive/outcome-archive.ts';
import type { PoolSnapshots } from '../pool-snapshots/pool-snapshots.ts';
import type { Roster } from '../roster/roster.ts';
import type { TaskStore } from '../tasks/task-store.ts';

/** Everything that the keymanager keeps; each of its stores has its own port. */
export interface KeyStore {
  readonly events: EventStore;
  readonly roster: Roster;
  readonly tasks: TaskStore;
  /** What attempts brought, for what-if. */
  readonly archive: OutcomeArchive;
  /** Folded states of keys with long lives. */
  readonly snapshots: KeySnapshots;
  /** Folded states of pools. */
  readonly poolSnapshots: PoolSnapshots;
  /** Uploads that wait to be imported, sealed. */
  readonly spool: Spool;
  /** What a move to another store takes along beside the events. */
  readonly goods: Goods;
  /** Resolves when the stores can be used. */
  start(): Promise<void>;
  /** Resolves when the stores do nothing any more; whoever opened the database closes it. */
  stop(): Promise<void>;
}
