import type { Clock } from '@keymux/service';
import type { Roster } from '../roster/roster.ts';
import type { TaskRecord } from '../tasks/task-record.ts';
import type { TaskRunner } from '../tasks/task-runner.ts';
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
    readonly runner: TaskRunner;
    readonly clock: Clock;
  },
  group: string,
): Promise<void> {
  const { roster, runner, clock } = deps;
  const pool = await roster.pools.find(group);
  if (pool === undefined) return;
  const nowMs = clock.now();
  const id = `pool-${pool.id}-deleted`;
  // First what must not be forgotten: a start without this group in the config comes here again.
  // A pool that is closed gets no more keys, so all that it has are meant.
  const selection: Selection = { up_to_seq: Number.MAX_SAFE_INTEGER };
  await runner.submit({
    kind: 'delete',
    id,
    group,
    poolId: pool.id,
    actor,
    input: { selection, group_deleted: true },
    total: await roster.list.count(pool.id, {}),
    result: {},
    createdMs: nowMs,
  });
  await roster.ledger.closePool(pool.id, { cause: id, actor, nowMs });
}
