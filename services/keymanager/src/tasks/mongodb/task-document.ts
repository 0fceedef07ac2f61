import type { TaskState } from '@keymux/contracts';
import type { Collection, Db, Filter } from 'mongodb';
import type { TaskKind, TaskRecord } from '../task-record.ts';

/** A task as MongoDB keeps it. */
export interface TaskDocument {
  readonly _id: string;
  readonly seq: number;
  readonly kind: TaskKind;
  readonly group: string | null;
  readonly pool: number | null;
  readonly state: TaskState;
  readonly actor: string;
  /** JSON, like `result`. */
  readonly input: string;
  readonly position: number;
  readonly processed: number;
  readonly total: number | null;
  readonly result: string;
  readonly error: string | null;
  readonly created_ms: number;
  readonly started_ms: number | null;
  readonly ended_ms: number | null;
  /** The commit whose progress is the last that is in. */
  readonly commit: number;
}

/** What has not ended. */
export const going: Filter<TaskDocument> = { state: { $in: ['queued', 'running'] } };

/** Who works on a pool, or on a task without one, and until when. */
export interface LaneDocument {
  readonly _id: string;
  readonly holder: string;
  readonly until_ms: number;
}

export type TaskCollection = Collection<TaskDocument>;

/** The collections of tasks. */
export interface TaskCollections {
  readonly tasks: TaskCollection;
  readonly lanes: Collection<LaneDocument>;
}

/** The collections in a database. */
export function taskCollections(db: Db): TaskCollections {
  return {
    tasks: db.collection<TaskDocument>('tasks'),
    lanes: db.collection<LaneDocument>('task_lanes'),
  };
}

/** Makes the indexes; may be repeated. */
export async function prepareTasks({ tasks }: TaskCollections): Promise<void> {
  await tasks.createIndexes([
    { key: { seq: 1 }, name: 'seq', unique: true },
    { key: { state: 1, seq: 1 }, name: 'state' },
    { key: { ended_ms: 1 }, name: 'ended' },
  ]);
}

/** The task in a document. */
export function taskIn(document: TaskDocument): TaskRecord {
  const input: unknown = JSON.parse(document.input);
  const result: unknown = JSON.parse(document.result);
  const { seq, _id: id, kind, group, pool: poolId, state, actor } = document;
  const { position, processed, total, error } = document;
  return {
    seq,
    id,
    kind,
    group,
    poolId,
    state,
    actor,
    input,
    position,
    processed,
    total,
    result: typeof result === 'object' ? { ...result } : {},
    error,
    createdMs: document.created_ms,
    startedMs: document.started_ms,
    endedMs: document.ended_ms,
  };
}
