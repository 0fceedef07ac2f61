import { Type, type Static } from 'typebox';

export const TaskStateSchema = Type.Enum(['queued', 'running', 'done', 'failed', 'cancelled']);
export type TaskState = Static<typeof TaskStateSchema>;

/** Long work: an import, a bulk action, a validation of many keys. */
export const TaskSchema = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  group: Type.Union([Type.String(), Type.Null()]),
  state: TaskStateSchema,
  processed: Type.Integer(),
  total: Type.Union([Type.Integer(), Type.Null()]),
  result: Type.Record(Type.String(), Type.Unknown()),
  error: Type.Union([Type.String(), Type.Null()]),
  started_at: Type.Union([Type.String(), Type.Null()]),
  ended_at: Type.Union([Type.String(), Type.Null()]),
});
export type Task = Static<typeof TaskSchema>;
