import type { DatabaseSync } from 'node:sqlite';
import type { TaskState } from '@keymux/contracts';
import { numberIn, numberOrNullIn, textIn, textOrNullIn } from '../../roster/sqlite/columns.ts';
import { type Progress, taskKinds, type TaskRecord } from '../task-record.ts';
import type { TaskStore } from '../task-store.ts';

/** What SQLite adds to the port: what joins the transaction that is open on its connection. */
export interface SqliteTaskStore extends TaskStore {
  goesOnNow(id: string): boolean;
  progressNow(id: string, progress: Progress): void;
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
export function createSqliteTaskStore(db: DatabaseSync): SqliteTaskStore {
  const insert = db.prepare(
    `INSERT INTO tasks (id, kind, group_name, pool, state, actor, input, position, processed, total,
       result, created_ms) VALUES (?, ?, ?, ?, 'queued', ?, ?, 0, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET id = id RETURNING *`,
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
  const claim = db.prepare(
    `UPDATE tasks SET state = 'running', started_ms = coalesce(started_ms, ?)
     WHERE id = ? AND state IN ('queued', 'running') RETURNING *`,
  );
  const prune = db.prepare('DELETE FROM tasks WHERE ended_ms < ?');
  const progressNow = (id: string, { position, processed, result, total }: Progress): void => {
    progress.run(position, processed, JSON.stringify(result), total ?? null, id);
  };
  return {
    goesOnNow: (id) => goesOn.get(id) !== undefined,
    progressNow,
    insert: async (task) => {
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
    find: async (id) => {
      const row = find.get(id);
      return row === undefined ? undefined : readTask(row);
    },
    page: async ({ state, beforeSeq, limit }) => {
      const rows = page.all(state, beforeSeq, limit + 1).map(readTask);
      const tasks = rows.slice(0, limit);
      return { tasks, next: rows.length > limit ? (tasks.at(-1)?.seq ?? null) : null };
    },
    count: async (state) => {
      const row = count.get(state);
      return row === undefined ? 0 : numberIn(row, 'count');
    },
    unfinished: async () => unfinished.all().map(readTask),
    prune: async (beforeMs) => void prune.run(beforeMs),
    // Only this process works on the database: there is nobody to share with.
    claim: async (id, { nowMs }) => {
      const row = claim.get(nowMs, id);
      return row === undefined ? undefined : readTask(row);
    },
    release: () => Promise.resolve(),
    progress: async (task, to) => {
      if (goesOn.get(task.id) !== undefined) progressNow(task.id, to);
    },
    move: async (id, { state, atMs, error }) =>
      Number(move.run(state, error ?? null, atMs, id).changes) > 0,
  };
}
