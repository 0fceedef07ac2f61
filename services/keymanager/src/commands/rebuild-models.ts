import { CallFailed, type Calls } from '@keymux/bus';
import type { EventStore } from '@keymux/event-store';
import type { Clock } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { everyEvents, readKeyThen } from '../history/key-then.ts';
import type { PoolSnapshotKeeper } from '../history/pool-snapshot-keeper.ts';
import type { KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import type { RebuiltKeys, RebuiltThrough } from '../roster/rebuild.ts';
import type { Roster } from '../roster/roster.ts';
import { countIn, type TaskRecord } from '../tasks/task-record.ts';
import type { TaskWork } from '../tasks/task-work.ts';
import type { TaskStore } from '../tasks/task-store.ts';

const isConfig = Compile(
  Type.Object({ revision: Type.Integer(), groups: Type.Integer(), changed: Type.Boolean() }),
);

/** How far the walk through all events is. */
interface Walk {
  readonly processed: number;
  readonly total: number;
}

/** Where a task was when its store went away, or its keymanager. */
function throughOf({ position, result }: TaskRecord): RebuiltThrough {
  const count = (name: keyof RebuiltKeys): number => countIn(result, name);
  return {
    position,
    keys: {
      events: count('events'),
      keys: count('keys'),
      replaced: count('replaced'),
      added: count('added'),
      removed: count('removed'),
      unplaced: 0,
    },
  };
}

/**
 * Makes the work of a rebuild: the roster of keys, the snapshots of long lives, and the config. One
 * step does all, unless its store goes away: the next one goes on where it was.
 */
export function createRebuildWork(deps: {
  readonly roster: Pick<Roster, 'rebuild' | 'ledger' | 'foldedThrough'>;
  readonly store: Pick<EventStore, 'read'>;
  readonly snapshots: KeySnapshots;
  readonly poolKeeper: Pick<PoolSnapshotKeeper, 'anew'>;
  readonly tasks: Pick<TaskStore, 'progress'>;
  readonly calls: Calls;
  readonly clock: Clock;
}): TaskWork {
  const { roster, store, snapshots, poolKeeper, tasks, calls, clock } = deps;

  async function report(
    task: TaskRecord,
    { position, keys }: RebuiltThrough,
    { of, ...more }: { readonly of: Walk } & Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const result = { ...keys, ...more };
    const { processed, total } = of;
    await tasks.progress(task, { position, processed, total, result });
  }

  return {
    step: async (task, signal) => {
      const from = throughOf(task);
      let through = from;
      let taken = countIn(task.result, 'long_lives');
      // In positions of events; more come while it runs.
      const of: Walk = { processed: task.processed, total: await roster.foldedThrough() };
      let about = { of, long_lives: taken };
      if (from.position === 0) await snapshots.clear();
      const keys = await roster.rebuild({
        signal,
        from,
        changed: (changed) => roster.ledger.announce(changed),
        inPlace: async (there) => {
          for (const { id, version } of there) {
            if (version < everyEvents) continue;
            await readKeyThen({ store, snapshots }, id, clock.now());
            taken += 1;
          }
        },
        progress: (soFar, position) => {
          through = soFar;
          about = {
            of: { processed: position, total: Math.max(about.of.total, position) },
            long_lives: through.position === position ? taken : about.long_lives,
          };
          return report(task, through, about);
        },
      });
      if (keys === undefined) return 'more';
      if (keys.replaced + keys.added + keys.removed > 0) await poolKeeper.anew();
      through = { position: through.position, keys };
      about = { of: { ...about.of, processed: about.of.total }, long_lives: taken };
      await report(task, through, about);
      try {
        const config = await calls.call('config.rebuild', {});
        if (!isConfig.Check(config))
          throw new CallFailed('config.rebuild: the reply is unreadable');
        const { revision, groups, changed } = config;
        const folded = { config_revision: revision, groups, config_changed: changed };
        await report(task, through, { ...about, ...folded });
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        return { failed: `The keys are made anew, the config is not: ${error.message}` };
      }
      return 'done';
    },
  };
}
