import { Type, type Static } from 'typebox';
import { GroupSchema } from './group.ts';

/** A field that a change touched; secrets are shown masked. */
export const FieldDiffSchema = Type.Object({
  field: Type.String(),
  before: Type.Unknown(),
  after: Type.Unknown(),
});
export type FieldDiff = Static<typeof FieldDiffSchema>;

/** The facts of the config's life; `proxy_keys` inside are sealed. Every event takes one revision. */
export const configEventSchemas = {
  GroupCreated: Type.Object({
    revision: Type.Integer(),
    group: GroupSchema,
    diff: Type.Optional(Type.Array(FieldDiffSchema)),
  }),
  GroupChanged: Type.Object({
    revision: Type.Integer(),
    group: GroupSchema,
    diff: Type.Array(FieldDiffSchema),
  }),
  GroupDeleted: Type.Object({
    revision: Type.Integer(),
    name: Type.String(),
    diff: Type.Optional(Type.Array(FieldDiffSchema)),
  }),
  SettingsChanged: Type.Object({
    revision: Type.Integer(),
    values: Type.Record(Type.String(), Type.Unknown()),
    diff: Type.Array(FieldDiffSchema),
  }),
  GroupsOrdered: Type.Object({ revision: Type.Integer(), names: Type.Array(Type.String()) }),
  /** What brings the state of an earlier revision back: groups made or changed, groups deleted, and settings. */
  ConfigRestored: Type.Object({
    revision: Type.Integer(),
    restored: Type.Integer(),
    groups: Type.Array(GroupSchema),
    deleted: Type.Array(Type.String()),
    values: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
    diff: Type.Array(FieldDiffSchema),
  }),
} as const;

export type ConfigEventType = keyof typeof configEventSchemas;
export type ConfigEvent = {
  [T in ConfigEventType]: {
    readonly type: T;
    readonly data: Static<(typeof configEventSchemas)[T]>;
  };
}[ConfigEventType];

/** A change of the config as the API lists it. */
export const RevisionSchema = Type.Object({
  revision: Type.Integer(),
  time: Type.String(),
  actor: Type.String(),
  type: Type.String(),
  subject: Type.String({
    description: 'group name, `settings`, `order`, or `revision n` of a restore',
  }),
  diff: Type.Array(FieldDiffSchema),
});
export type Revision = Static<typeof RevisionSchema>;
