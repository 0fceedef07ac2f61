import { Type } from 'typebox';
import { AuditEntrySchema } from '../audit.ts';
import { ChannelInfoSchema } from '../channel.ts';
import { RevisionSchema } from '../config-events.ts';
import { ConfigPreviewSchema, GroupChangeSchema, RestoredSchema } from '../config-preview.ts';
import { GroupNameSchema, GroupPatchSchema, GroupViewSchema, NewGroupSchema } from '../group.ts';
import type { Operation } from '../operation.ts';
import { SettingsPatchSchema, SettingViewSchema } from '../setting-schemas.ts';
import { TaskSchema } from '../task.ts';
import { listOf, page, query } from './lists.ts';

const name = Type.Object({ name: GroupNameSchema });
const dryRun = {
  dry_run: Type.Optional(Type.Boolean({ description: 'changes nothing and tells what it would' })),
};

/** The config service's part of the admin API. */
export const configOperations = {
  login: {
    id: 'login',
    owner: 'config',
    method: 'POST',
    path: '/api/auth/login',
    summary: 'Opens a session: a HttpOnly cookie.',
    tag: 'auth',
    auth: 'none',
    body: {
      json: Type.Object(
        { auth_key: Type.String({ minLength: 1, maxLength: 1000 }) },
        { additionalProperties: false },
      ),
    },
    responses: { 200: Type.Object({ actor: Type.String(), expires_at: Type.String() }) },
  },
  logout: {
    id: 'logout',
    owner: 'config',
    method: 'POST',
    path: '/api/auth/logout',
    summary: 'Ends the session everywhere.',
    tag: 'auth',
    auth: 'admin',
    responses: { 204: 'empty' },
  },
  session: {
    id: 'session',
    owner: 'config',
    method: 'GET',
    path: '/api/auth/session',
    summary: 'Who is signed in.',
    tag: 'auth',
    auth: 'admin',
    responses: {
      200: Type.Object({
        actor: Type.String(),
        expires_at: Type.Union([Type.String(), Type.Null()]),
      }),
    },
  },
  listChannels: {
    id: 'listChannels',
    owner: 'config',
    method: 'GET',
    path: '/api/channels',
    summary: 'The provider formats with their defaults.',
    tag: 'groups',
    auth: 'admin',
    responses: { 200: Type.Object({ items: Type.Array(ChannelInfoSchema) }) },
  },
  listGroups: {
    id: 'listGroups',
    owner: 'config',
    method: 'GET',
    path: '/api/groups',
    summary: 'All groups in their order.',
    tag: 'groups',
    auth: 'admin',
    query: query({ ...page, q: Type.Optional(Type.String({ maxLength: 200 })) }),
    responses: { 200: listOf(GroupViewSchema) },
  },
  createGroup: {
    id: 'createGroup',
    owner: 'config',
    method: 'POST',
    path: '/api/groups',
    summary: 'Creates a group.',
    tag: 'groups',
    auth: 'admin',
    query: query(dryRun),
    body: { json: NewGroupSchema },
    responses: { 200: GroupChangeSchema, 201: GroupViewSchema },
  },
  orderGroups: {
    id: 'orderGroups',
    owner: 'config',
    method: 'PUT',
    path: '/api/groups/order',
    summary: 'Sets the order of the groups; those not named keep theirs after the named ones.',
    tag: 'groups',
    auth: 'admin',
    body: {
      json: Type.Object(
        { names: Type.Array(GroupNameSchema, { maxItems: 10_000, uniqueItems: true }) },
        { additionalProperties: false },
      ),
    },
    responses: { 200: Type.Object({ revision: Type.Integer() }) },
  },
  getGroup: {
    id: 'getGroup',
    owner: 'config',
    method: 'GET',
    path: '/api/groups/{name}',
    summary: 'One group.',
    tag: 'groups',
    auth: 'admin',
    params: name,
    responses: { 200: GroupViewSchema },
  },
  changeGroup: {
    id: 'changeGroup',
    owner: 'config',
    method: 'PATCH',
    path: '/api/groups/{name}',
    summary: 'Changes a group; with If-Match only when its revision is that one.',
    tag: 'groups',
    auth: 'admin',
    params: name,
    query: query(dryRun),
    body: { json: GroupPatchSchema },
    responses: { 200: GroupChangeSchema },
  },
  deleteGroup: {
    id: 'deleteGroup',
    owner: 'config',
    method: 'DELETE',
    path: '/api/groups/{name}',
    summary: 'Deletes a group and its keys.',
    tag: 'groups',
    auth: 'admin',
    params: name,
    query: query(dryRun),
    responses: { 200: Type.Object({ preview: ConfigPreviewSchema }), 204: 'empty' },
  },
  copyGroup: {
    id: 'copyGroup',
    owner: 'config',
    method: 'POST',
    path: '/api/groups/{name}/copy',
    summary: 'Copies a group under a new name, with none, the active or all of its keys.',
    tag: 'groups',
    auth: 'admin',
    params: name,
    body: {
      json: Type.Object(
        { name: GroupNameSchema, keys: Type.Optional(Type.Enum(['none', 'active', 'all'])) },
        { additionalProperties: false },
      ),
    },
    responses: {
      201: Type.Object({
        group: GroupViewSchema,
        task_id: Type.Union([Type.String(), Type.Null()]),
      }),
    },
  },
  getSettings: {
    id: 'getSettings',
    owner: 'config',
    method: 'GET',
    path: '/api/settings',
    summary: 'Every setting with its schema, value and source.',
    tag: 'settings',
    auth: 'admin',
    responses: {
      200: Type.Object({ items: Type.Array(SettingViewSchema), revision: Type.Integer() }),
    },
  },
  changeSettings: {
    id: 'changeSettings',
    owner: 'config',
    method: 'PATCH',
    path: '/api/settings',
    summary: 'Changes settings; null returns one to its inherited value.',
    tag: 'settings',
    auth: 'admin',
    query: query(dryRun),
    body: { json: SettingsPatchSchema },
    responses: {
      200: Type.Object({
        items: Type.Array(SettingViewSchema),
        revision: Type.Integer(),
        preview: Type.Optional(ConfigPreviewSchema),
      }),
    },
  },
  listRevisions: {
    id: 'listRevisions',
    owner: 'config',
    method: 'GET',
    path: '/api/config/revisions',
    summary: 'Every change of the config, newest first.',
    tag: 'settings',
    auth: 'admin',
    query: query(page),
    responses: { 200: listOf(RevisionSchema) },
  },
  getRevision: {
    id: 'getRevision',
    owner: 'config',
    method: 'GET',
    path: '/api/config/revisions/{revision}',
    summary: 'One change with its diff.',
    tag: 'settings',
    auth: 'admin',
    params: Type.Object({ revision: Type.Integer({ minimum: 1 }) }),
    responses: { 200: RevisionSchema },
  },
  restoreRevision: {
    id: 'restoreRevision',
    owner: 'config',
    method: 'POST',
    path: '/api/config/revisions/{revision}/restore',
    summary:
      'Brings the config back to what it was at a revision, as a new revision: all of it, one group, or the settings. A group that was not there then is deleted with its keys; keys of a group that comes back do not.',
    tag: 'settings',
    auth: 'admin',
    params: Type.Object({ revision: Type.Integer({ minimum: 1 }) }),
    query: query({
      ...dryRun,
      group: Type.Optional(GroupNameSchema),
      only: Type.Optional(Type.Enum(['settings'])),
    }),
    responses: { 200: RestoredSchema },
  },
  listAudit: {
    id: 'listAudit',
    owner: 'config',
    method: 'GET',
    path: '/api/audit',
    summary: 'What people did: signing in, changes, reveals, exports, undos; newest first.',
    tag: 'audit',
    auth: 'admin',
    query: query(page),
    responses: { 200: listOf(AuditEntrySchema) },
  },
} as const satisfies Record<string, Operation>;

/** A reply of 202: the task, with a `location` header. */
export const acceptedTask = { 202: TaskSchema } as const;
