import type { TaskState } from '@keymux/contracts';
import type { NewTask, Progress, TaskRecord } from './task-record.ts';

/** The tasks there are. */
export interface TaskList {
  /** A task that is there already stays as it is. */
  insert(task: NewTask): Promise<TaskRecord>;
  find(id: string): Promise<TaskRecord | undefined>;
  /** Newest first. */
  page(request: {
    readonly state: TaskState | null;
    readonly beforeSeq: number | null;
    readonly limit: number;
  }): Promise<{ tasks: TaskRecord[]; next: number | null }>;
  count(state: TaskState | null): Promise<number>;
  /** Queued and running ones, oldest first. */
  unfinished(): Promise<TaskRecord[]>;
  /** Forgets tasks that ended before a moment (epoch ms). */
  prune(beforeMs: number): Promise<void>;
}

/** Who works on a task, and until when nobody else may. */
export interface Claim {
  readonly holder: string;
  readonly nowMs: number;
  readonly untilMs: number;
}

/** What the one who works on a task does with it. */
export interface TaskWriter {
  /**
   * Takes a task, or keeps it for longer: as it is now, running. Undefined when it ended, or when
   * another one works on it, or on the pool that it is about.
   */
  claim(id: string, claim: Claim): Promise<TaskRecord | undefined>;
  /** Lets others claim at once what this one held. */
  release(holder: string): Promise<void>;
  /** Writes how far it is, unless it ended; a step that writes keys does it through the ledger. */
  progress(task: TaskRecord, progress: Progress): Promise<void>;
  /** Moves a task that is not finished; false when it is. */
  move(
    id: string,
    to: { readonly state: TaskState; readonly atMs: number; readonly error?: string },
  ): Promise<boolean>;
}

/** Keeps tasks, so that a restart goes on with them. */
export interface TaskStore extends TaskList, TaskWriter {}
