import type { keymanagerOperations } from '@keymux/contracts';
import { type Handler, newId } from '@keymux/service';
import type { AdminDeps } from './admin-deps.ts';
import { acceptedReply } from './accepted-reply.ts';

/** Makes what is folded from events anew; who asks while it is at work is told of the same task. */
export function createRebuildHandler({
  tasks,
  runner,
  audit,
  clock,
}: Pick<AdminDeps, 'tasks' | 'runner' | 'audit' | 'clock'>): Handler<
  (typeof keymanagerOperations)['rebuild']
> {
  return async ({ actor }) => {
    const atWork = (await tasks.unfinished()).find(({ kind }) => kind === 'rebuild');
    if (atWork !== undefined) return acceptedReply(atWork);
    const id = newId();
    await audit.record({ type: 'RebuildAsked', actor, data: { task_id: id } });
    const task = await runner.submit({
      kind: 'rebuild',
      id,
      group: null,
      poolId: null,
      actor,
      input: {},
      total: null,
      result: {},
      createdMs: clock.now(),
    });
    return acceptedReply(task);
  };
}
