import { Type, type Static } from 'typebox';
import { FieldDiffSchema } from './config-events.ts';
import { GroupNameSchema, GroupViewSchema, LayerSchema } from './group.ts';

const LayeredSchema = Type.Object({ value: Type.Unknown(), source: LayerSchema });

/** An effective value before and after a change, with the layer it comes from; null while the group is not there. */
export const EffectiveChangeSchema = Type.Object({
  name: Type.String(),
  before: Type.Union([LayeredSchema, Type.Null()]),
  after: Type.Union([LayeredSchema, Type.Null()]),
});
export type EffectiveChange = Static<typeof EffectiveChangeSchema>;

/** What a change of the config would do; secrets are masked. */
export const ConfigPreviewSchema = Type.Object({
  diff: Type.Array(FieldDiffSchema),
  settings: Type.Array(EffectiveChangeSchema),
  groups: Type.Array(
    Type.Object({
      group: GroupNameSchema,
      change: Type.Enum(['created', 'changed', 'deleted', 'inherits'], {
        description: '`inherits`: only what it takes from the settings changes',
      }),
      effective: Type.Array(EffectiveChangeSchema),
    }),
  ),
});
export type ConfigPreview = Static<typeof ConfigPreviewSchema>;

/** Only after a dry run: nothing was changed. */
const preview = { preview: Type.Optional(ConfigPreviewSchema) };

/** A group as a change makes it; after a dry run with what that would do. */
export const GroupChangeSchema = Type.Object({ ...GroupViewSchema.properties, ...preview });

/** What a restore did; after a dry run what it would do. */
export const RestoredSchema = Type.Object({
  revision: Type.Integer({ description: 'the newest one after this' }),
  restored: Type.Integer(),
  diff: Type.Array(FieldDiffSchema),
  ...preview,
});
