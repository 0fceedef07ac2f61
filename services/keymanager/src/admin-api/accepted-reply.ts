import type { Task } from '@keymux/contracts';
import type { Reply } from '@keymux/service';
import { type TaskRecord, taskView } from '../tasks/task-record.ts';

/** The 202 of whatever becomes a task. */
export function acceptedReply(task: TaskRecord): Reply {
  const body: Task = taskView(task);
  return { status: 202, body, headers: { location: `/api/tasks/${task.id}` } };
}
