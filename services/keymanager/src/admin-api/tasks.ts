import type { keymanagerOperations } from '@keymux/contracts';
import { type Handler, isProblem, problem } from '@keymux/service';
import { taskView } from '../tasks/task-record.ts';
import type { AdminDeps } from './admin-deps.ts';
import { readCursor, toCursor } from './cursor.ts';

type Operations = typeof keymanagerOperations;

const defaultPage = 50;
const unknownTask = () => problem('not_found', { detail: 'there is no such task' });

/** Tasks: their progress, and how to cancel them. */
export function createTaskHandlers({ tasks, runner }: AdminDeps): {
  listTasks: Handler<Operations['listTasks']>;
  getTask: Handler<Operations['getTask']>;
  cancelTask: Handler<Operations['cancelTask']>;
} {
  return {
    listTasks: async ({ query }) => {
      const before = readCursor(query.cursor, 'tasks', 1);
      if (isProblem(before)) return before;
      const { limit = defaultPage, state = null } = query;
      const page = await tasks.page({ state, beforeSeq: before?.[0] ?? null, limit });
      const body = {
        items: page.tasks.map(taskView),
        next_cursor: page.next === null ? null : toCursor(['tasks', page.next]),
        total: await tasks.count(state),
      };
      return { status: 200, body };
    },
    getTask: async ({ params }) => {
      const task = await tasks.find(params.id);
      return task === undefined ? unknownTask() : { status: 200, body: taskView(task) };
    },
    cancelTask: async ({ params }) => {
      const cancelled = await runner.cancel(params.id);
      switch (cancelled.kind) {
        case 'cancelled':
          return { status: 200, body: taskView(cancelled.task) };
        case 'finished':
          // Cancelling twice comes to the same.
          if (cancelled.task.state === 'cancelled') {
            return { status: 200, body: taskView(cancelled.task) };
          }
          return problem('conflict', { detail: `the task is ${cancelled.task.state} already` });
        case 'must-finish':
          return problem('conflict', { detail: 'the keys of a deleted group are always deleted' });
        case 'unknown':
          return unknownTask();
        default:
          return cancelled satisfies never;
      }
    },
  };
}
