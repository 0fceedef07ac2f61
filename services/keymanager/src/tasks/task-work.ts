import type { TaskRecord } from './task-record.ts';

/** What one step of a task comes to; `failed` with a sentence for a person. */
export type Stepped = 'more' | 'done' | { readonly failed: string };

/** How a kind of task works: in steps that each write their progress with what they do. */
export interface TaskWork {
  /** One batch. A signal that aborts asks it to end early. */
  step(task: TaskRecord, signal: AbortSignal): Promise<Stepped>;
  /** False for a task that only another process can do: one with other keys or files. It stays until there is one. */
  isOurs?(task: TaskRecord): boolean;
  /** Removes what the task kept beside the store; called when it ended, however it did. */
  cleanUp?(task: TaskRecord): Promise<void>;
}
