import type { Clock } from '@keymux/service';
import type { KeyCommand } from '../key/command.ts';
import { stepOf } from '../roster/ledger.ts';
import type { Roster } from '../roster/roster.ts';
import { raise } from '../tasks/task-record.ts';
import type { TaskWork } from '../tasks/task-work.ts';
import { batchKeys } from './batch-size.ts';
import { readSelection, selectPage } from './selection.ts';

export type BulkAction = 'restore' | 'enable' | 'disable' | 'delete';

function commandOf(action: BulkAction, nowMs: number): KeyCommand {
  switch (action) {
    case 'restore':
      return { kind: 'restore', message: 'A person restored it.', nowMs };
    case 'enable':
    case 'disable':
    case 'delete':
      return { kind: action, nowMs };
    default:
      return action satisfies never;
  }
}

/** Makes the work of one bulk action: it goes through the selection of the task, batch by batch. */
export function createActionWork(
  action: BulkAction,
  deps: {
    readonly roster: Pick<Roster, 'ledger' | 'list' | 'search'>;
    readonly clock: Clock;
  },
): TaskWork {
  const { roster, clock } = deps;
  return {
    step: async (task) => {
      const { id, poolId, actor, position } = task;
      if (poolId === null) throw new Error('an action has no group');
      const selection = readSelection(task.input);
      const page = await selectPage(roster, poolId, { selection, position, limit: batchKeys });
      const { rows, missed, next } = page;
      const reach = { keyIds: rows.map((row) => row.id), step: task };
      const written = await roster.ledger.write(reach, (unit) => {
        const command = commandOf(action, clock.now());
        let changed = 0;
        for (const row of rows) {
          if (unit.apply(row.id, command, { cause: id, actor }).length > 0) changed += 1;
        }
        const counts = { changed, unchanged: rows.length - changed };
        const processed = task.processed + rows.length + missed;
        const missing = selection.ids === undefined ? {} : { not_found: missed };
        unit.progress({
          position: next ?? position,
          processed,
          result: raise(task.result, { ...counts, ...missing }),
          // Keys may have changed since they were counted.
          ...(next === null ? { total: processed } : {}),
        });
        return next === null ? 'done' : 'more';
      });
      return stepOf(written);
    },
  };
}
