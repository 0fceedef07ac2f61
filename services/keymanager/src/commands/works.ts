import type { Calls } from '@keymux/bus';
import type { EventStore } from '@keymux/event-store';
import type { Clock } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { GroupDirectory } from '../group-directory.ts';
import type { Spool } from '../import/spool.ts';
import type { PoolSnapshotKeeper } from '../history/pool-snapshot-keeper.ts';
import type { KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import type { Roster } from '../roster/roster.ts';
import type { TaskKind } from '../tasks/task-record.ts';
import type { TaskWork } from '../tasks/task-work.ts';
import type { TaskStore } from '../tasks/task-store.ts';
import { createActionWork } from './act-on-keys.ts';
import { createCopyWork } from './copy-keys.ts';
import { createImportWork } from './import-keys.ts';
import { createRebuildWork } from './rebuild-models.ts';
import { createResealWork } from './reseal-keys.ts';
import { createRevertWork, createUndoWork } from './undo-verdicts.ts';
import { createValidateWork } from './validate-keys.ts';

/** The work of every kind of task. */
export function createWorks(deps: {
  readonly roster: Roster;
  readonly store: EventStore;
  readonly tasks: TaskStore;
  readonly snapshots: KeySnapshots;
  readonly poolKeeper: Pick<PoolSnapshotKeeper, 'anew'>;
  readonly spool: Spool;
  readonly groups: GroupDirectory;
  readonly calls: Calls;
  readonly vault: Vault;
  readonly clock: Clock;
}): Record<TaskKind, TaskWork> {
  return {
    import: createImportWork(deps),
    restore: createActionWork('restore', deps),
    disable: createActionWork('disable', deps),
    enable: createActionWork('enable', deps),
    delete: createActionWork('delete', deps),
    validate: createValidateWork(deps),
    copy: createCopyWork(deps),
    reseal: createResealWork(deps),
    undo: createUndoWork(deps),
    revert: createRevertWork(deps),
    rebuild: createRebuildWork(deps),
  };
}
