import { Type } from 'typebox';
import { GroupNameSchema } from '../group.ts';
import {
  EventViewSchema,
  KeyStatusSchema,
  KeyThenSchema,
  KeyViewSchema,
  PoolThenSchema,
} from '../key.ts';
import { KeyCheckedSchema } from '../messages.ts';
import type { Operation } from '../operation.ts';
import { TaskSchema, TaskStateSchema } from '../task.ts';
import { VerdictKindSchema, VerdictViewSchema } from '../verdict.ts';
import { SimulationSchema, TriedPolicySchema } from '../what-if.ts';
import { acceptedTask } from './config.ts';
import { listOf, page, query } from './lists.ts';

const group = Type.Object({ name: GroupNameSchema });
const id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });
const moment = Type.String({ maxLength: 40, description: 'ISO 8601, not in the future' });
const ids = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
  minItems: 1,
  maxItems: 100_000,
});

const WhereSchema = Type.Object(
  {
    rule: Type.Optional(Type.String({ maxLength: 200 })),
    since: Type.Optional(Type.String({ description: 'ISO 8601' })),
    until: Type.Optional(Type.String({ description: 'ISO 8601' })),
    q: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false },
);

/** Which keys a bulk action is for: by id, by secret, by status, or by a condition. */
export const KeysActionSchema = Type.Object(
  {
    action: Type.Enum(['restore', 'disable', 'enable', 'delete', 'validate']),
    ids: Type.Optional(ids),
    keys: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 1000 }), {
        minItems: 1,
        maxItems: 100_000,
      }),
    ),
    status: Type.Optional(KeyStatusSchema),
    where: Type.Optional(WhereSchema),
    restore_passing: Type.Optional(
      Type.Boolean({ description: 'validate only: a key that passes is restored' }),
    ),
  },
  { additionalProperties: false },
);

/** Which verdicts are to be taken back; all conditions hold together. */
export const UndoSchema = Type.Object(
  {
    rule: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
    upstream: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
    from: Type.String({ maxLength: 40, description: 'ISO 8601, inclusive' }),
    to: Type.String({ maxLength: 40, description: 'ISO 8601, inclusive' }),
  },
  { additionalProperties: false },
);

/** The keymanager's part of the admin API. */
export const keymanagerOperations = {
  listKeys: {
    id: 'listKeys',
    owner: 'keymanager',
    method: 'GET',
    path: '/api/groups/{name}/keys',
    summary: 'Keys of a group, masked; q finds a full key, its tail, or a note.',
    tag: 'keys',
    auth: 'admin',
    params: group,
    query: query({
      ...page,
      status: Type.Optional(KeyStatusSchema),
      q: Type.Optional(Type.String({ maxLength: 1000 })),
      sort: Type.Optional(
        Type.Enum([
          'created_at',
          '-created_at',
          'last_used_at',
          '-last_used_at',
          'requests',
          '-requests',
          'failures',
          '-failures',
        ]),
      ),
    }),
    responses: { 200: listOf(KeyViewSchema) },
  },
  importKeys: {
    id: 'importKeys',
    owner: 'keymanager',
    method: 'POST',
    path: '/api/groups/{name}/keys',
    summary: 'Imports keys: text, a table, JSON, JSON lines or a file upload, streamed, as a task.',
    tag: 'keys',
    auth: 'admin',
    params: group,
    query: query({ dry_run: Type.Optional(Type.Boolean()) }),
    body: { stream: true },
    responses: {
      200: Type.Object({
        added: Type.Integer(),
        duplicates: Type.Integer(),
        invalid: Type.Integer(),
        invalid_lines: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String() })),
      }),
      ...acceptedTask,
    },
  },
  actOnKeys: {
    id: 'actOnKeys',
    owner: 'keymanager',
    method: 'POST',
    path: '/api/groups/{name}/keys/actions',
    summary: 'Restores, disables, enables, deletes or validates many keys, as a task.',
    tag: 'keys',
    auth: 'admin',
    params: group,
    body: { json: KeysActionSchema },
    responses: acceptedTask,
  },
  undoVerdicts: {
    id: 'undoVerdicts',
    owner: 'keymanager',
    method: 'POST',
    path: '/api/groups/{name}/keys/undo',
    summary:
      'Takes back what blacklisted or cooled keys by a rule, status or upstream in a time window, as a task; its id is that of the undo. A dry run lists the keys and changes nothing.',
    tag: 'keys',
    auth: 'admin',
    params: group,
    query: query({ ...page, dry_run: Type.Optional(Type.Boolean()) }),
    body: { json: UndoSchema },
    responses: { 200: listOf(KeyViewSchema), ...acceptedTask },
  },
  revertUndo: {
    id: 'revertUndo',
    owner: 'keymanager',
    method: 'POST',
    path: '/api/undos/{id}/revert',
    summary:
      'Takes an undo back, as a task: its keys are as they were before it, unless they changed meanwhile.',
    tag: 'keys',
    auth: 'admin',
    params: id,
    responses: acceptedTask,
  },
  exportKeys: {
    id: 'exportKeys',
    owner: 'keymanager',
    method: 'GET',
    path: '/api/groups/{name}/keys/export',
    summary: 'The keys of a group in clear, one a line; an audit event.',
    tag: 'keys',
    auth: 'admin',
    params: group,
    query: query({ status: Type.Optional(KeyStatusSchema) }),
    responses: { 200: 'text' },
  },
  simulatePolicy: {
    id: 'simulatePolicy',
    owner: 'keymanager',
    method: 'POST',
    path: '/api/groups/{name}/policy/simulate',
    summary: 'What if: replays the recorded outcomes of a group under another policy.',
    tag: 'keys',
    auth: 'admin',
    params: group,
    body: {
      json: Type.Object(
        {
          config: TriedPolicySchema,
          from: Type.String({ description: 'ISO 8601' }),
          to: Type.String({ description: 'ISO 8601, exclusive' }),
        },
        { additionalProperties: false },
      ),
    },
    responses: { 200: SimulationSchema },
  },
  getKey: {
    id: 'getKey',
    owner: 'keymanager',
    method: 'GET',
    path: '/api/keys/{id}',
    summary: 'One key.',
    tag: 'keys',
    auth: 'admin',
    params: id,
    responses: { 200: KeyViewSchema },
  },
  changeKey: {
    id: 'changeKey',
    owner: 'keymanager',
    method: 'PATCH',
    path: '/api/keys/{id}',
    summary: 'Notes, enables or disables a key.',
    tag: 'keys',
    auth: 'admin',
    params: id,
    body: {
      json: Type.Object(
        {
          note: Type.Optional(Type.String({ maxLength: 1000 })),
          enabled: Type.Optional(Type.Boolean()),
        },
        { additionalProperties: false },
      ),
    },
    responses: { 200: KeyViewSchema },
  },
  deleteKey: {
    id: 'deleteKey',
    owner: 'keymanager',
    method: 'DELETE',
    path: '/api/keys/{id}',
    summary: 'Deletes a key.',
    tag: 'keys',
    auth: 'admin',
    params: id,
    responses: { 204: 'empty' },
  },
  revealKey: {
    id: 'revealKey',
    owner: 'keymanager',
    method: 'POST',
    path: '/api/keys/{id}/reveal',
    summary: 'The key in clear; an audit event.',
    tag: 'keys',
    auth: 'admin',
    params: id,
    responses: { 200: Type.Object({ id: Type.String(), secret: Type.String() }) },
  },
  validateKey: {
    id: 'validateKey',
    owner: 'keymanager',
    method: 'POST',
    path: '/api/keys/{id}/validate',
    summary: 'Probes a key now; changes nothing unless `apply` is asked.',
    tag: 'keys',
    auth: 'admin',
    params: id,
    query: query({ apply: Type.Optional(Type.Boolean()) }),
    responses: { 200: KeyCheckedSchema },
  },
  keyHistory: {
    id: 'keyHistory',
    owner: 'keymanager',
    method: 'GET',
    path: '/api/keys/{id}/history',
    summary: 'What happened to a key: when, why, by whom; newest first.',
    tag: 'keys',
    auth: 'admin',
    params: id,
    query: query(page),
    responses: { 200: listOf(EventViewSchema) },
  },
  listVerdicts: {
    id: 'listVerdicts',
    owner: 'keymanager',
    method: 'GET',
    path: '/api/verdicts',
    summary:
      'What policies decided on keys, of all groups or one, newest first; what people did to keys is in the audit.',
    tag: 'keys',
    auth: 'admin',
    query: query({
      ...page,
      group: Type.Optional(GroupNameSchema),
      kind: Type.Optional(VerdictKindSchema),
    }),
    responses: { 200: listOf(VerdictViewSchema) },
  },
  keyState: {
    id: 'keyState',
    owner: 'keymanager',
    method: 'GET',
    path: '/api/keys/{id}/state',
    summary: 'A key as it was at a moment, folded from its events.',
    tag: 'keys',
    auth: 'admin',
    params: id,
    query: query({ at: moment }),
    responses: { 200: KeyThenSchema },
  },
  poolState: {
    id: 'poolState',
    owner: 'keymanager',
    method: 'GET',
    path: '/api/groups/{name}/pool',
    summary: 'The keys of a group as they were at a moment, those deleted since too.',
    tag: 'keys',
    auth: 'admin',
    params: group,
    query: query({ ...page, at: moment }),
    responses: { 200: PoolThenSchema },
  },
  rebuild: {
    id: 'rebuild',
    owner: 'keymanager',
    method: 'POST',
    path: '/api/rebuild',
    summary:
      'Makes all that is folded from events anew while everything goes on, as a task; there is one at a time.',
    tag: 'tasks',
    auth: 'admin',
    responses: acceptedTask,
  },
  listTasks: {
    id: 'listTasks',
    owner: 'keymanager',
    method: 'GET',
    path: '/api/tasks',
    summary: 'Tasks, newest first.',
    tag: 'tasks',
    auth: 'admin',
    query: query({ ...page, state: Type.Optional(TaskStateSchema) }),
    responses: { 200: listOf(TaskSchema) },
  },
  getTask: {
    id: 'getTask',
    owner: 'keymanager',
    method: 'GET',
    path: '/api/tasks/{id}',
    summary: 'One task with its progress.',
    tag: 'tasks',
    auth: 'admin',
    params: id,
    responses: { 200: TaskSchema },
  },
  cancelTask: {
    id: 'cancelTask',
    owner: 'keymanager',
    method: 'DELETE',
    path: '/api/tasks/{id}',
    summary: 'Cancels a task; what it did stays.',
    tag: 'tasks',
    auth: 'admin',
    params: id,
    responses: { 200: TaskSchema },
  },
  liveEvents: {
    id: 'liveEvents',
    owner: 'keymanager',
    method: 'GET',
    path: '/api/events',
    summary: 'What changes (config, key states, tasks), as server-sent events.',
    tag: 'live',
    auth: 'admin',
    responses: { 200: 'sse' },
  },
} as const satisfies Record<string, Operation>;
