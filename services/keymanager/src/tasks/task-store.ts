import type { DatabaseSync } from 'node:sqlite';
import type { TaskState } from '@keymux/contracts';
import { numberIn, numberOrNullIn, textIn, textOrNullIn } from '../roster/columns.ts';
import { taskKinds, type TaskRecord } from './task-record.ts';

export type NewTask = Pick<
  TaskRecord,
  'id' | 'kind' | 'group' | 'poolId' | 'actor' | 'input' | 'total' | 'result' | 'createdMs'
> & { readonly processed?: number };

/** How far a task is. */
export type Progress = Pick<TaskRecord, 'position' | 'processed' | 'result'> & {
  readonly total?: number;
};

/** Keeps tasks, so that a restart goes on with them. */
export interface TaskStore {
  insert(task: NewTask): TaskRecord;
  find(id: string): TaskRecord | undefined;
  /** Newest first. */
  page(request: {
    readonly state: TaskState | null;
    readonly beforeSeq: number | null;
    readonly limit: number;
  }): { tasks: TaskRecord[]; next: number | null };
  count(state: TaskState | null): number;
  /** Queued and running ones, oldest first. */
  unfinished(): TaskRecord[];
  /** False once it ended or was cancelled: to be asked in the transaction of each step. */
  goesOn(id: string): boolean;
  /** To be called in the transaction that does what it tells. */
  progress(id: string, progress: Progress): void;
  /** Moves a task that is not finished; false when it is. */
  move(
    id: string,
    to: { readonly state: TaskState; readonly atMs: number; readonly error?: string },
  ): boolean;
  /** Forgets tasks that ended before a moment (epoch ms). */
  prune(beforeMs: number): void;
}

const states: readonly TaskState[] = ['queued', 'running', 'done', 'failed', 'cancelled'];

function readTask(row: Record<string, unknown>): TaskRecord {
  const kind = taskKinds.find((each) => each === row['kind']);
  const state = states.find((each) => each === row['state']);
  if (kind === undefined || state === undefined) throw new Error('a task is unreadable');
  const input: unknown = JSON.parse(textIn(row, 'input'));
  const result: unknown = JSON.parse(textIn(row, 'result'));
  return {
    seq: numberIn(row, 'seq'),
    id: textIn(row, 'id'),
    kind,
    group: textOrNullIn(row, 'group_name'),
    poolId: numberOrNullIn(row, 'pool'),
    state,
    actor: textIn(row, 'actor'),
    input,
    position: numberIn(row, 'position'),
    processed: numberIn(row, 'processed'),
    total: numberOrNullIn(row, 'total'),
    result: typeof result === 'object' ? { ...result } : {},
    error: textOrNullIn(row, 'error'),
    createdMs: numberIn(row, 'created_ms'),
    startedMs: numberOrNullIn(row, 'started_ms'),
    endedMs: numberOrNullIn(row, 'ended_ms'),
  };
}

/** Tasks in SQLite. */
export function createTaskStore(db: DatabaseSync): TaskStore {
  const insert = db.prepare(
    `INSERT INTO tasks (id, kind, group_name, pool, state, actor, input, position, processed, total,
       result, created_ms) VALUES (?, ?, ?, ?, 'queued', ?, ?, 0, ?, ?, ?, ?) RETURNING *`,
  );
  const find = db.prepare('SELECT * FROM tasks WHERE id = ?');
  const page = db.prepare(
    `SELECT * FROM tasks WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR seq < ?2)
     ORDER BY seq DESC LIMIT ?3`,
  );
  const count = db.prepare('SELECT count(*) AS count FROM tasks WHERE ?1 IS NULL OR state = ?1');
  const unfinished = db.prepare(
    "SELECT * FROM tasks WHERE state IN ('queued', 'running') ORDER BY seq",
  );
  const goesOn = db.prepare("SELECT 1 FROM tasks WHERE id = ? AND state IN ('queued', 'running')");
  const progress = db.prepare(
    `UPDATE tasks SET position = ?, processed = ?, result = ?, total = coalesce(?, total)
     WHERE id = ?`,
  );
  const move = db.prepare(
    `UPDATE tasks SET state = ?1, error = ?2,
       started_ms = CASE WHEN ?1 = 'running' THEN coalesce(started_ms, ?3) ELSE started_ms END,
       ended_ms = CASE WHEN ?1 IN ('queued', 'running') THEN NULL ELSE ?3 END
     WHERE id = ?4 AND state IN ('queued', 'running')`,
  );
  const prune = db.prepare('DELETE FROM tasks WHERE ended_ms < ?');
  return {
    insert: (task) => {
      const row = insert.get(
        task.id,
        task.kind,
        task.group,
        task.poolId,
        task.actor,
        JSON.stringify(task.input),
        task.processed ?? 0,
        task.total,
        JSON.stringify(task.result),
        task.createdMs,
      );
      if (row === undefined) throw new Error('the task was not kept');
      return readTask(row);
    },
    find: (id) => {
      const row = find.get(id);
      return row === undefined ? undefined : readTask(row);
    },
    page: ({ state, beforeSeq, limit }) => {
      const rows = page.all(state, beforeSeq, limit + 1).map(readTask);
      const tasks = rows.slice(0, limit);
      return { tasks, next: rows.length > limit ? (tasks.at(-1)?.seq ?? null) : null };
    },
    count: (state) => {
      const row = count.get(state);
      return row === undefined ? 0 : numberIn(row, 'count');
    },
    unfinished: () => unfinished.all().map(readTask),
    goesOn: (id) => goesOn.get(id) !== undefined,
    progress: (id, { position, processed, result, total }) => {
      progress.run(position, processed, JSON.stringify(result), total ?? null, id);
    },
    move: (id, { state, atMs, error }) =>
      Number(move.run(state, error ?? null, atMs, id).changes) > 0,
    prune: (beforeMs) => {
      prune.run(beforeMs);
    },
  };
}
