import type { Task, TaskState } from '@keymux/contracts';

export const taskKinds = [
  'import',
  'restore',
  'disable',
  'enable',
  'delete',
  'validate',
  'copy',
  'reseal',
  'undo',
  'revert',
  'rebuild',
] as const;
export type TaskKind = (typeof taskKinds)[number];

/** A task as it is kept: what it is to do, how far it is, what came of it. */
export interface TaskRecord {
  readonly seq: number;
  readonly id: string;
  readonly kind: TaskKind;
  readonly group: string | null;
  readonly poolId: number | null;
  readonly state: TaskState;
  readonly actor: string;
  /** What it works on; each kind reads its own. Never a secret in clear. */
  readonly input: unknown;
  /** Where to go on after a restart: what it counts is the kind's own matter. */
  readonly position: number;
  readonly processed: number;
  readonly total: number | null;
  readonly result: Readonly<Record<string, unknown>>;
  readonly error: string | null;
  readonly createdMs: number;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
}

/** A task that is to be kept. */
export type NewTask = Pick<
  TaskRecord,
  'id' | 'kind' | 'group' | 'poolId' | 'actor' | 'input' | 'total' | 'result' | 'createdMs'
> & { readonly processed?: number };

/** How far a task is. */
export type Progress = Pick<TaskRecord, 'position' | 'processed' | 'result'> & {
  readonly total?: number;
};

/** True for a task that will never be worked on again. */
export const isFinished = (state: TaskState): boolean => state !== 'queued' && state !== 'running';

/** A count in a task's result; 0 while there is none. */
export function countIn(result: TaskRecord['result'], name: string): number {
  const value = result[name];
  return typeof value === 'number' ? value : 0;
}

/** A result with some counts raised. */
export function raise(
  result: TaskRecord['result'],
  by: Readonly<Record<string, number>>,
): Record<string, unknown> {
  const counts = Object.entries(by).map(([name, more]) => [name, countIn(result, name) + more]);
  return { ...result, ...Object.fromEntries(counts) };
}

/** A task as the API shows it. */
export function taskView(task: TaskRecord): Task {
  const iso = (ms: number | null): string | null =>
    ms === null ? null : new Date(ms).toISOString();
  const { id, kind, group, state, processed, total, result, error } = task;
  return {
    id,
    kind,
    group,
    state,
    processed,
    total,
    result: { ...result },
    error,
    started_at: iso(task.startedMs),
    ended_at: iso(task.endedMs),
  };
}
