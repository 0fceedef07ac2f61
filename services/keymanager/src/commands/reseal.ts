import { setTimeout as sleep } from 'node:timers/promises';
import type { Task } from '@keymux/contracts';
import { type Clock, newId } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import { isFinished, type TaskRecord, taskView } from '../tasks/task-record.ts';
import type { TaskRunner } from '../tasks/task-runner.ts';
import type { TaskStore } from '../tasks/task-store.ts';
import { isOurReseal, isOverruled, resealInput } from './reseal-keys.ts';

const lookMs = 100;

export interface ResealRunDeps {
  readonly tasks: TaskStore;
  readonly runner: Pick<TaskRunner, 'submit' | 'cancel'>;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly isStopped: () => boolean;
}

/**
 * Seals everything anew that is under the previous encryption key. Resolves with the task that did it, or
 * looked through what another one had done; never, when the service stops before.
 */
export async function reseal(deps: ResealRunDeps, actor: string): Promise<Task> {
  const { tasks, runner, vault, clock } = deps;
  for (const task of await resealsLeft(tasks)) {
    if (isOverruled(vault, task))
      await runner.cancel(task.id, 'The encryption key was changed again.');
  }
  for (const task of await resealsLeft(tasks)) {
    if (isOurReseal(vault, task)) await untilEnded(deps, task.id);
  }
  // Even then: what it had passed before this keymanager was started with the new key, this one may have
  // written with the old one afterwards.
  const { id } = await runner.submit({
    kind: 'reseal',
    id: newId(),
    group: null,
    poolId: null,
    actor,
    input: resealInput(vault),
    total: null,
    result: { resealed: 0, events: 0 },
    createdMs: clock.now(),
  });
  return untilEnded(deps, id);
}

async function resealsLeft(tasks: TaskStore): Promise<TaskRecord[]> {
  return (await tasks.unfinished()).filter(({ kind }) => kind === 'reseal');
}

// Whichever keymanager runs it.
async function untilEnded({ tasks, isStopped }: ResealRunDeps, id: string): Promise<Task> {
  for (;;) {
    const task = await tasks.find(id);
    if (task === undefined) throw new Error(`the task ${id} is gone`);
    if (isFinished(task.state)) return taskView(task);
    await sleep(lookMs, undefined, { ref: false });
    if (isStopped()) await new Promise<never>(() => undefined);
  }
}
