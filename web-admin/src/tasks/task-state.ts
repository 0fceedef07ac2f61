import type { Task } from '../api/generated.ts';

type State = Task['state'];

export const stateTones = {
  queued: '',
  running: '',
  done: 'good',
  failed: 'bad',
  cancelled: 'warn',
} as const satisfies Record<State, string>;

export const stateNames = {
  queued: 'task.queued',
  running: 'task.running',
  done: 'task.done',
  failed: 'task.failed',
  cancelled: 'task.cancelled',
} as const satisfies Record<State, string>;

/** How far a task is, from 0 to 1; null when its size is not known. */
export function shareDone(task: Task): number | null {
  if (task.state === 'done') return 1;
  if (task.total === null || task.total === 0) return null;
  return Math.min(1, task.processed / task.total);
}

/** True for a task that still works or waits. */
export function isOpen(task: Task): boolean {
  return task.state === 'queued' || task.state === 'running';
}

/** The newest of what is known of each task, newest task first; an answer may be older than the end that was told. */
export function mergeTasks(known: readonly Task[], news: readonly Task[]): readonly Task[] {
  const byId = new Map(known.map((each) => [each.id, each]));
  for (const each of news) {
    const before = byId.get(each.id);
    if (before === undefined || isOpen(before) || !isOpen(each)) byId.set(each.id, each);
  }
  return [...byId.values()].toSorted((a, b) => b.id.localeCompare(a.id));
}
