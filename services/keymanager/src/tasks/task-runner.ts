import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { isStoreAway } from '@keymux/event-store';
import type { Clock, Logger } from '@keymux/service';
import { isFinished, type NewTask, type TaskKind, type TaskRecord } from './task-record.ts';
import type { TaskStore } from './task-store.ts';
import type { TaskWork } from './task-work.ts';

export type Cancelled =
  | { readonly kind: 'cancelled'; readonly task: TaskRecord }
  | { readonly kind: 'finished'; readonly task: TaskRecord }
  | { readonly kind: 'must-finish' }
  | { readonly kind: 'unknown' };

/** Runs tasks: a few at a time, those of one group one after the other, oldest first. */
export interface TaskRunner {
  submit(task: NewTask): Promise<TaskRecord>;
  /** Ends a task before its time; `why` is a sentence for a person. */
  cancel(id: string, why?: string): Promise<Cancelled>;
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
  /** Names this runner among those that share the store. */
  readonly holder: string;
  /** The group of this pool was deleted: only tasks that must finish go on. */
  readonly isClosed: (poolId: number) => Promise<boolean>;
  readonly mustFinish: (task: TaskRecord) => boolean;
  readonly changed: (task: TaskRecord) => void;
  readonly concurrency?: number;
}

const storeAwayMs = 1_000;
/** How soon tasks are seen that others submitted, or left. */
const scanMs = 1_000;
/** How long a task stays with a runner that died. */
const leaseMs = 15_000;

/** Makes the runner of all kinds of tasks. */
export function createTaskRunner(deps: TaskRunnerDeps): TaskRunner {
  const { store, works, clock, log, holder, isClosed, mustFinish, changed } = deps;
  const { concurrency = 2 } = deps;
  const running = new Map<string, { lane: string; abort: AbortController; ended: Promise<void> }>();
  /** Of these it was said that they wait for another one. */
  const left = new Set<string>();
  let scanning: Promise<void> | undefined;
  let scanAgain = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const laneOf = (task: TaskRecord): string => (task.poolId === null ? task.id : `${task.poolId}`);

  async function scan(): Promise<void> {
    const lanes = new Set(Array.from(running.values(), (each) => each.lane));
    for (const task of await store.unfinished()) {
      if (stopped || running.size >= concurrency) return;
      if (works[task.kind].isOurs?.(task) === false) {
        leave(task);
        continue;
      }
      const lane = laneOf(task);
      // The oldest of a lane comes first, whether it runs here or elsewhere.
      if (lanes.has(lane)) continue;
      lanes.add(lane);
      const abort = new AbortController();
      const ended = run(task.id, abort).then((over) => {
        running.delete(task.id);
        if (over) schedule();
      });
      running.set(task.id, { lane, abort, ended });
    }
  }

  function leave({ id, kind }: TaskRecord): void {
    if (left.has(id)) return;
    left.add(id);
    log.info({ task: id, kind }, 'a task is left to others: it takes what this one has not');
  }

  function schedule(): void {
    if (timer === undefined || stopped) return;
    scanAgain = true;
    scanning ??= (async () => {
      while (scanAgain && !stopped) {
        scanAgain = false;
        await scan().catch((error: unknown) => {
          log.warn({ err: error }, 'tasks cannot be read now; trying again');
        });
      }
    })().finally(() => {
      scanning = undefined;
    });
  }

  const claim = (id: string): Promise<TaskRecord | undefined> => {
    const nowMs = clock.now();
    return store.claim(id, { holder, nowMs, untilMs: nowMs + leaseMs });
  };

  async function end(
    id: string,
    state: 'done' | 'failed' | 'cancelled',
    error?: string,
  ): Promise<void> {
    await store.move(id, { state, atMs: clock.now(), ...(error === undefined ? {} : { error }) });
  }

  // One turn of a task; false when it is over, or another runner has it.
  async function turn(id: string, signal: AbortSignal): Promise<boolean> {
    const task = await claim(id);
    if (task === undefined) return false;
    if (task.poolId !== null && !mustFinish(task) && (await isClosed(task.poolId))) {
      await end(id, 'cancelled', 'The group was deleted.');
      return false;
    }
    const stepped = await works[task.kind].step(task, signal);
    if (stepped === 'more') return true;
    if (stepped === 'done') await end(id, 'done');
    else await end(id, 'failed', stepped.failed);
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
      await end(id, 'failed', 'Something went wrong; the log says what.');
      return false;
    }
  }

  // True when the task is over: its lane is free.
  async function run(id: string, abort: AbortController): Promise<boolean> {
    const { signal } = abort;
    // Not in the turn of whoever submitted it.
    await nextTurn();
    // A step may take longer than a lease lasts. One that another runner has by now ends: two of a kind that
    // write how far they are would each go back to where the other is.
    const keeping = setInterval(() => {
      claim(id).then(
        (task) => {
          if (task === undefined) abort.abort();
        },
        (error: unknown) => {
          log.warn({ err: error, task: id }, 'a task could not be kept');
        },
      );
    }, leaseMs / 3);
    try {
      while (!stopped && !signal.aborted && (await guardedTurn(id, signal))) {
        await tell(id);
        // Requests, outcomes and probes get their turn between two steps.
        await nextTurn();
      }
      const task = await tell(id);
      if (task === undefined || !isFinished(task.state)) return false;
      await works[task.kind].cleanUp?.(task);
      return true;
    } catch (error) {
      // The next scan finds what is not finished.
      log.warn({ err: error, task: id }, 'the end of a task could not be stored');
      return false;
    } finally {
      clearInterval(keeping);
    }
  }

  async function tell(id: string): Promise<TaskRecord | undefined> {
    const task = await store.find(id);
    if (task !== undefined) changed(task);
    return task;
  }

  return {
    submit: async (task) => {
      const record = await store.insert(task);
      changed(record);
      schedule();
      return record;
    },
    cancel: async (id, why) => {
      const task = await store.find(id);
      if (task === undefined) return { kind: 'unknown' };
      if (isFinished(task.state)) return { kind: 'finished', task };
      if (mustFinish(task)) return { kind: 'must-finish' };
      await end(id, 'cancelled', why);
      const runs = running.get(id);
      runs?.abort.abort();
      // One that never ran has nobody else to clean up after it.
      if (runs === undefined) await works[task.kind].cleanUp?.(task);
      return { kind: 'cancelled', task: (await tell(id)) ?? task };
    },
    start: () => {
      timer = setInterval(schedule, scanMs);
      schedule();
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      for (const { abort } of running.values()) abort.abort();
      await scanning;
      await Promise.all([...running.values()].map((each) => each.ended));
      await store.release(holder);
    },
  };
}
