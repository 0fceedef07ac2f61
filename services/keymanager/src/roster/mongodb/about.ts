import type { Progress, TaskRecord } from '../../tasks/task-record.ts';
import type { OutcomeBatch } from '../ledger.ts';

/** What a commit of the ledger does beside its events. */
export interface About {
  /** Groups whose keys it changes or counts, and its task: those of the same name are finished in order. */
  readonly touches: readonly string[];
  readonly pools: readonly {
    readonly pool: number;
    readonly group: string;
    /** The pool's after this commit; null for a pool that is closed: nobody holds its keys. */
    readonly revision: number | null;
  }[];
  readonly counts: readonly {
    readonly key: string;
    readonly requests: number;
    readonly failures: number;
    readonly last_used_ms: number;
  }[];
  readonly step: {
    readonly task: string;
    readonly position: number;
    readonly processed: number;
    readonly total: number | null;
    /** JSON */
    readonly result: string;
  } | null;
  /** The pool that it closes. */
  readonly closes: number | null;
  /** The task that it cancels. */
  readonly cancels?: {
    readonly task: string;
    readonly atMs: number;
    readonly error: string | null;
  };
}

/** The name of a group in `touches`. */
export const touchedGroup = (group: string): string => `group ${group}`;
/** The name of a task in `touches`. */
export const touchedTask = (id: string): string => `task ${id}`;

/** What no other commit may be: the batch that it handles. */
export const batchClaim = ({ producer, batch, group }: OutcomeBatch): string =>
  `batch ${producer} ${batch} ${group}`;

/** The step that it makes, by where the task stands before. */
export const stepClaim = ({ id, position, processed }: TaskRecord): string =>
  `step ${id} ${position} ${processed}`;

/** The revision that it gives to the pool of a group. */
export const revisionClaim = (group: string, revision: number): string =>
  `revision ${group} ${revision}`;

/** What cancels a task; with the claim of the step that it stands before, so that nobody makes that one, too. */
export function cancelAbout(task: string, atMs: number, error: string | null): About {
  const touches = [touchedTask(task)];
  return {
    touches,
    pools: [],
    counts: [],
    step: null,
    closes: null,
    cancels: { task, atMs, error },
  };
}

/** A task's progress as a commit keeps it. */
export function stepAbout(
  task: TaskRecord,
  { position, processed, total, result }: Progress,
): NonNullable<About['step']> {
  return {
    task: task.id,
    position,
    processed,
    total: total ?? null,
    result: JSON.stringify(result),
  };
}
