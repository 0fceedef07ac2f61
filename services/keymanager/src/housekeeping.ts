import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Logger } from '@keymux/service';
import type { GroupDirectory } from './group-directory.ts';
import type { OutcomeArchive } from './outcome-archive/outcome-archive.ts';
import type { Ledger } from './roster/ledger.ts';
import type { TaskStore } from './tasks/task-store.ts';

const everyMs = 3_600_000;
const minutesKeptMs = 48 * 3_600_000;
const tasksKeptMs = 30 * 24 * 3_600_000;

/** Removes what is kept for a time only. */
export interface Housekeeping {
  start(): void;
  stop(): void;
}

/** Removes old counts, tasks and outcomes every hour. */
export function createHousekeeping(deps: {
  readonly ledger: Pick<Ledger, 'prune'>;
  readonly tasks: Pick<TaskStore, 'prune'>;
  readonly archive: Pick<OutcomeArchive, 'dropBefore'>;
  readonly groups: Pick<GroupDirectory, 'outcomesKeptMs'>;
  readonly clock: Clock;
  readonly log: Logger;
}): Housekeeping {
  const { ledger, tasks, archive, groups, clock, log } = deps;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function dropOutcomes(beforeMs: number): Promise<void> {
    while (!stopped && (await archive.dropBefore(beforeMs))) await nextTurn();
  }

  function keepHouse(): void {
    const nowMs = clock.now();
    Promise.all([
      ledger.prune(nowMs - minutesKeptMs),
      tasks.prune(nowMs - tasksKeptMs),
      dropOutcomes(nowMs - groups.outcomesKeptMs),
    ]).catch((error: unknown) =>
      log.warn({ err: error }, 'old counts, tasks and outcomes could not be removed'),
    );
  }

  return {
    start: () => {
      keepHouse();
      timer = setInterval(keepHouse, everyMs);
    },
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}
