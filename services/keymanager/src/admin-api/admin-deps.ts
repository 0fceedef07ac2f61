import type { Audit } from '@keymux/audit';
import type { Calls } from '@keymux/bus';
import type { EventStore } from '@keymux/event-store';
import type { Clock, Logger } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { GroupDirectory } from '../group-directory.ts';
import type { HeadroomBoard } from '../headroom/headroom-board.ts';
import type { Spool } from '../import/spool.ts';
import type { KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import type { LiveEvents } from '../live-events.ts';
import type { OutcomeArchive } from '../outcome-archive/outcome-archive.ts';
import type { PoolSnapshots } from '../pool-snapshots/pool-snapshots.ts';
import type { Roster } from '../roster/roster.ts';
import type { TaskRunner } from '../tasks/task-runner.ts';
import type { TaskStore } from '../tasks/task-store.ts';

/** What the admin API works with. */
export interface AdminDeps {
  readonly roster: Roster;
  readonly store: Pick<EventStore, 'read' | 'readAll' | 'newest'>;
  readonly snapshots: KeySnapshots;
  readonly poolSnapshots: PoolSnapshots;
  readonly tasks: TaskStore;
  readonly archive: OutcomeArchive;
  readonly runner: TaskRunner;
  readonly groups: GroupDirectory;
  readonly spool: Spool;
  readonly audit: Audit;
  readonly live: LiveEvents;
  readonly headroom: HeadroomBoard;
  readonly calls: Calls;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  /** Most bytes of an import. */
  readonly maxImportBytes: number;
}
