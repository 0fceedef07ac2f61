import { CallFailed, type Calls } from '@keymux/bus';
import type { EventStore } from '@keymux/event-store';
import type { Clock } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { everyEvents, readKeyThen } from '../history/key-then.ts';
import type { PoolSnapshotKeeper } from '../history/pool-snapshot-keeper.ts';
import type { KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import type { RebuiltKeys } from '../roster/rebuild.ts';
import type { Roster } from '../roster/roster.ts';
import type { TaskRecord } from '../tasks/task-record.ts';
import type { TaskWork } from '../tasks/task-runner.ts';
import type { TaskStore } from '../tasks/task-store.ts';

const isConfig = Compile(
  Type.Object({ revision: Type.Integer(), groups: Type.Integer(), changed: Type.Boolean() }),
);

/** How far the walk through all events is. */
interface Walk {
  readonly processed: number;
  readonly total: number;
}

/**
 * Makes the work of a rebuild: the roster of keys, the snapshots of long lives, and the config. One
 * step does all; after a restart it begins anew, for it only puts right what is not.
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
    keys: RebuiltKeys,
    { of, ...more }: { readonly of: Walk } & Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const result = { ...keys, ...more };
    const { processed, total } = of;
    await tasks.progress(task, { position: 0, processed, total, result });
  }

  return {
    step: async (task, signal) => {
      let taken = 0;
      // In positions of events; more come while it runs.
      let of: Walk = { processed: 0, total: await roster.foldedThrough() };
      await snapshots.clear();
      const keys = await roster.rebuild({
        signal,
        changed: (changed) => roster.ledger.announce(changed),
        inPlace: async (there) => {
          for (const { id, version } of there) {
            if (version < everyEvents) continue;
            await readKeyThen({ store, snapshots }, id, clock.now());
            taken += 1;
          }
        },
        progress: (soFar, position) => {
          of = { processed: position, total: Math.max(of.total, position) };
          return report(task, soFar, { of });
        },
      });
      if (keys === undefined) return 'more';
      if (keys.replaced + keys.added + keys.removed > 0) await poolKeeper.anew();
      const about = { of: { ...of, processed: of.total }, long_lives: taken };
      await report(task, keys, about);
      try {
        const config = await calls.call('config.rebuild', {});
        if (!isConfig.Check(config))
          throw new CallFailed('config.rebuild: the reply is unreadable');
        const { revision, groups, changed } = config;
        const folded = { config_revision: revision, groups, config_changed: changed };
        await report(task, keys, { ...about, ...folded });
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        return { failed: `The keys are made anew, the config is not: ${error.message}` };
      }
      return 'done';
    },
  };
}
