import { Type, type Static } from 'typebox';
import { GroupNameSchema } from './group.ts';
import { HeadroomSchema } from './headroom.ts';

export const KeyStatusSchema = Type.Enum(['active', 'cooling', 'blacklisted', 'disabled']);
export type KeyStatus = Static<typeof KeyStatusSchema>;

/** Rest of a key: for one model, or whole when `model` is null. */
export const CooldownSchema = Type.Object({
  model: Type.Union([Type.String(), Type.Null()]),
  until: Type.String({ description: 'ISO 8601' }),
});
export type Cooldown = Static<typeof CooldownSchema>;

/** A key as the API shows it; its secret only masked. */
export const KeyViewSchema = Type.Object({
  id: Type.String(),
  group: GroupNameSchema,
  masked: Type.String(),
  status: KeyStatusSchema,
  why: Type.String({ description: 'One sentence: why the key is in this state.' }),
  note: Type.String(),
  streak: Type.Integer(),
  requests: Type.Integer(),
  failures: Type.Integer(),
  cooldowns: Type.Array(CooldownSchema),
  created_at: Type.String(),
  last_used_at: Type.Union([Type.String(), Type.Null()]),
  version: Type.Integer(),
  headroom: Type.Optional(
    Type.Array(HeadroomSchema, {
      description: 'What its provider said in the last hour; where one key was asked for.',
    }),
  ),
});
export type KeyView = Static<typeof KeyViewSchema>;

/** A key as it was at a moment. */
export const KeyThenSchema = Type.Object({
  id: Type.String(),
  group: GroupNameSchema,
  masked: Type.String(),
  status: KeyStatusSchema,
  why: Type.String({ description: 'One sentence: why the key was in this state.' }),
  note: Type.String(),
  streak: Type.Integer(),
  cooldowns: Type.Array(CooldownSchema),
  version: Type.Integer(),
  at: Type.String({ description: 'ISO 8601' }),
});

/** The keys of a group as they were at a moment: how many by state, and a page of them. */
export const PoolThenSchema = Type.Object({
  at: Type.String({ description: 'ISO 8601' }),
  counts: Type.Object({
    active: Type.Integer(),
    cooling: Type.Integer(),
    blacklisted: Type.Integer(),
    disabled: Type.Integer(),
  }),
  items: Type.Array(
    Type.Object({ id: Type.String(), masked: Type.String(), status: KeyStatusSchema }),
  ),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
  total: Type.Integer(),
});

/** An event of a key's or an entity's history. */
export const EventViewSchema = Type.Object({
  id: Type.String(),
  type: Type.String(),
  time: Type.String(),
  version: Type.Integer(),
  actor: Type.String(),
  request_id: Type.Union([Type.String(), Type.Null()]),
  data: Type.Record(Type.String(), Type.Unknown()),
});
export type EventView = Static<typeof EventViewSchema>;
