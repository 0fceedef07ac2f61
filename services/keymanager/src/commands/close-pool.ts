import { type Clock, newId } from '@keymux/service';
import { onlyWritten } from '../roster/ledger.ts';
import { poolClosed } from '../roster/rebuild.ts';
import type { Roster } from '../roster/roster.ts';
import type { TaskRecord } from '../tasks/task-record.ts';
import type { TaskRunner } from '../tasks/task-runner.ts';
import type { TaskStore } from '../tasks/task-store.ts';
import type { Selection } from './selection.ts';

const actor = 'config';

/** True for the deletion of a deleted group's keys, which nobody may stop in the middle. */
export function isPoolDeletion(task: TaskRecord): boolean {
  const { input } = task;
  return typeof input === 'object' && input !== null && 'group_deleted' in input;
}

/**
 * Takes the keys from a group that was deleted: a new group of the name has none of them from this
 * moment on, and a task deletes them. Nothing happens when the group never had a key.
 */
export async function closePool(
  deps: {
    readonly roster: Pick<Roster, 'ledger' | 'pools' | 'list'>;
    readonly tasks: TaskStore;
    readonly runner: TaskRunner;
    readonly clock: Clock;
  },
  group: string,
): Promise<void> {
  const { roster, tasks, runner, clock } = deps;
  const written = await roster.ledger.write((unit) => {
    const pool = roster.pools.find(group);
    if (pool === undefined) return undefined;
    const nowMs = clock.now();
    const time = new Date(nowMs).toISOString();
    const event = { id: newId(), type: poolClosed, time, actor, data: { group } };
    unit.append(`pool-${pool.id}`, 0, [event]);
    roster.pools.close(pool.id);
    const selection: Selection = { up_to_seq: roster.list.lastSeq(pool.id) };
    return tasks.insert({
      kind: 'delete',
      id: newId(),
      group,
      poolId: pool.id,
      actor,
      input: { selection, group_deleted: true },
      total: roster.list.count(pool.id, {}),
      result: {},
      createdMs: nowMs,
    });
  });
  const task = onlyWritten(written);
  if (task !== undefined) runner.enqueue(task);
}
