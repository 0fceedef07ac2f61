import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Logger } from '@keymux/service';
import { isStoreAway } from '../hear-outcomes.ts';
import { isFinished, type TaskKind, type TaskRecord } from './task-record.ts';
import type { NewTask, TaskStore } from './task-store.ts';

/** What one step of a task comes to; `failed` with a sentence for a person. */
export type Stepped = 'more' | 'done' | { readonly failed: string };

/** How a kind of task works: in steps that each write their progress with what they do. */
export interface TaskWork {
  /** One batch. A signal that aborts asks it to end early. */
  step(task: TaskRecord, signal: AbortSignal): Promise<Stepped>;
  /** Removes what the task kept beside the store; called when it ended, however it did. */
  cleanUp?(task: TaskRecord): Promise<void>;
}

export type Cancelled =
  | { readonly kind: 'cancelled'; readonly task: TaskRecord }
  | { readonly kind: 'finished'; readonly task: TaskRecord }
  | { readonly kind: 'must-finish' }
  | { readonly kind: 'unknown' };

/** Runs tasks: a few at a time, those of one group one after the other, oldest first. */
export interface TaskRunner {
  submit(task: NewTask): TaskRecord;
  /** Takes on a task that was put in the store already. */
  enqueue(task: TaskRecord): void;
  cancel(id: string): Cancelled;
  /** Goes on with what a former run left. */
  start(): void;
  /** Resolves when the steps at work are done; unfinished tasks go on at the next start. */
  stop(): Promise<void>;
}

export interface TaskRunnerDeps {
  readonly store: TaskStore;
  readonly works: Readonly<Record<TaskKind, TaskWork>>;
  readonly clock: Clock;
  readonly log: Logger;
  /** The group of this pool was deleted: only tasks that must finish go on. */
  readonly isClosed: (poolId: number) => boolean;
  readonly mustFinish: (task: TaskRecord) => boolean;
  readonly changed: (task: TaskRecord) => void;
  readonly concurrency?: number;
}

const storeAwayMs = 1_000;

/** Makes the runner of all kinds of tasks. */
export function createTaskRunner(deps: TaskRunnerDeps): TaskRunner {
  const { store, works, clock, log, isClosed, mustFinish, changed, concurrency = 2 } = deps;
  const running = new Map<string, { lane: string; abort: AbortController; ended: Promise<void> }>();
  let queue: string[] = [];
  let started = false;
  let stopped = false;

  const laneOf = (task: TaskRecord): string => (task.poolId === null ? task.id : `${task.poolId}`);

  function schedule(): void {
    if (!started || stopped) return;
    for (const id of queue) {
      if (running.size >= concurrency) return;
      const task = store.find(id);
      if (task === undefined || isFinished(task.state)) {
        queue = queue.filter((each) => each !== id);
        continue;
      }
      const lane = laneOf(task);
      if ([...running.values()].some((each) => each.lane === lane)) continue;
      queue = queue.filter((each) => each !== id);
      const abort = new AbortController();
      const ended = run(id, abort.signal).finally(() => {
        running.delete(id);
        schedule();
      });
      running.set(id, { lane, abort, ended });
    }
  }

  function end(id: string, state: 'done' | 'failed' | 'cancelled', error?: string): void {
    store.move(id, { state, atMs: clock.now(), ...(error === undefined ? {} : { error }) });
  }

  // One turn of a task; false when it is over.
  async function turn(id: string, signal: AbortSignal): Promise<boolean> {
    const task = store.find(id);
    if (task === undefined || isFinished(task.state)) return false;
    if (task.poolId !== null && isClosed(task.poolId) && !mustFinish(task)) {
      end(id, 'cancelled', 'The group was deleted.');
      return false;
    }
    const stepped = await works[task.kind].step(task, signal);
    if (stepped === 'more') return true;
    if (stepped === 'done') end(id, 'done');
    else end(id, 'failed', stepped.failed);
    return false;
  }

  async function guardedTurn(id: string, signal: AbortSignal): Promise<boolean> {
    try {
      return await turn(id, signal);
    } catch (error) {
      if (isStoreAway(error)) {
        log.warn({ err: error, task: id }, 'a task cannot be stored now; trying again');
        await sleep(storeAwayMs, undefined, { signal }).catch(() => undefined);
        return true;
      }
      log.error({ err: error, task: id }, 'a task failed');
      end(id, 'failed', 'Something went wrong; the log says what.');
      return false;
    }
  }

  async function run(id: string, signal: AbortSignal): Promise<void> {
    // Not in the turn of whoever submitted it.
    await nextTurn();
    if (!stopped) store.move(id, { state: 'running', atMs: clock.now() });
    while (!stopped && (await guardedTurn(id, signal))) {
      tell(id);
      // Requests, outcomes and probes get their turn between two steps.
      await nextTurn();
    }
    const task = tell(id);
    if (task === undefined || !isFinished(task.state)) return;
    await works[task.kind].cleanUp?.(task);
  }

  function tell(id: string): TaskRecord | undefined {
    const task = store.find(id);
    if (task !== undefined) changed(task);
    return task;
  }

  function enqueue(task: TaskRecord): void {
    // Before the start, the start will find it.
    if (started) queue.push(task.id);
    changed(task);
    schedule();
  }

  return {
    submit: (task) => {
      const record = store.insert(task);
      enqueue(record);
      return record;
    },
    enqueue,
    cancel: (id) => {
      const task = store.find(id);
      if (task === undefined) return { kind: 'unknown' };
      if (isFinished(task.state)) return { kind: 'finished', task };
      if (mustFinish(task)) return { kind: 'must-finish' };
      end(id, 'cancelled');
      const runs = running.get(id);
      runs?.abort.abort();
      // One that never ran has nobody else to clean up after it.
      if (runs === undefined) void works[task.kind].cleanUp?.(task);
      return { kind: 'cancelled', task: tell(id) ?? task };
    },
    start: () => {
      started = true;
      queue = store.unfinished().map((task) => task.id);
      schedule();
    },
    stop: async () => {
      stopped = true;
      for (const { abort } of running.values()) abort.abort();
      await Promise.all([...running.values()].map((each) => each.ended));
    },
  };
}
