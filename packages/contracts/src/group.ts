import { Type, type Static } from 'typebox';
import { ChannelNameSchema } from './channel.ts';
import { GroupConfigSchema } from './setting-schemas.ts';

export const GroupNameSchema = Type.String({
  pattern: '^[a-z0-9][a-z0-9_-]{0,99}$',
  description: 'Lower case letters, digits, - and _; up to 100.',
});

export const UpstreamSchema = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 2048 }),
    weight: Type.Integer({ minimum: 0, maximum: 10_000 }),
  },
  { additionalProperties: false },
);
export type Upstream = Static<typeof UpstreamSchema>;

export const MemberSchema = Type.Object(
  { group: GroupNameSchema, weight: Type.Integer({ minimum: 0, maximum: 10_000 }) },
  { additionalProperties: false },
);
export type Member = Static<typeof MemberSchema>;

/** A rule of a group that is asked before the defaults: which answers mean what. */
export const ErrorRuleSchema = Type.Object(
  {
    status: Type.Integer({ minimum: 100, maximum: 599 }),
    contains: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    verdict: Type.Enum(['pass', 'retry', 'count', 'cooldown', 'blacklist', 'upstream']),
    seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 604_800 })),
  },
  { additionalProperties: false },
);
export type ErrorRule = Static<typeof ErrorRuleSchema>;

/** Sets or removes one header of the upstream request. `${group}` and `${model}` are filled in. */
export const HeaderRuleSchema = Type.Object(
  {
    name: Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$" }),
    action: Type.Enum(['set', 'remove']),
    value: Type.Optional(
      Type.String({ maxLength: 4096, pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' }),
    ),
  },
  { additionalProperties: false },
);
export type HeaderRule = Static<typeof HeaderRuleSchema>;

const fields = {
  display_name: Type.String({ maxLength: 200 }),
  description: Type.String({ maxLength: 2000 }),
  enabled: Type.Boolean(),
  upstreams: Type.Array(UpstreamSchema, { maxItems: 100 }),
  members: Type.Array(MemberSchema, { maxItems: 100 }),
  test_model: Type.String({ maxLength: 200 }),
  validation_endpoint: Type.String({ maxLength: 500 }),
  proxy_keys: Type.Array(
    Type.String({ minLength: 1, maxLength: 500, pattern: '^[\\x21-\\x7e]+$' }),
    {
      maxItems: 1000,
    },
  ),
  config: GroupConfigSchema,
  param_overrides: Type.Record(Type.String(), Type.Unknown()),
  header_rules: Type.Array(HeaderRuleSchema, { maxItems: 100 }),
  model_redirect_rules: Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 200 })),
  model_redirect_strict: Type.Boolean(),
  error_rules: Type.Array(ErrorRuleSchema, { maxItems: 200 }),
  sort: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
};

/** A group as it is kept and broadcast; `proxy_keys` are sealed at rest and digests on the bus. */
export const GroupSchema = Type.Object({
  name: GroupNameSchema,
  type: Type.Enum(['standard', 'aggregate']),
  channel: ChannelNameSchema,
  ...fields,
});
export type Group = Static<typeof GroupSchema>;

/** What POST /api/groups accepts. */
export const NewGroupSchema = Type.Object(
  {
    name: GroupNameSchema,
    type: Type.Optional(Type.Enum(['standard', 'aggregate'])),
    channel: ChannelNameSchema,
    ...(Object.fromEntries(
      Object.entries(fields).map(([name, schema]) => [name, Type.Optional(schema)]),
    ) as {
      [K in keyof typeof fields]: ReturnType<typeof Type.Optional<(typeof fields)[K]>>;
    }),
  },
  { additionalProperties: false },
);
export type NewGroup = Static<typeof NewGroupSchema>;

/** What PATCH /api/groups/{name} accepts: only what changes; a null in `config` returns a setting to its inherited value. */
export const GroupPatchSchema = Type.Object(
  Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name, Type.Optional(schema)]),
  ) as {
    [K in keyof typeof fields]: ReturnType<typeof Type.Optional<(typeof fields)[K]>>;
  },
  { additionalProperties: false },
);
export type GroupPatch = Static<typeof GroupPatchSchema>;

/** The layer that an effective value comes from. */
export const LayerSchema = Type.Enum(['default', 'environment', 'system', 'group']);
export type Layer = Static<typeof LayerSchema>;

/** A group as the API shows it. */
export const GroupViewSchema = Type.Object({
  ...GroupSchema.properties,
  endpoint: Type.String(),
  effective_config: Type.Record(
    Type.String(),
    Type.Object({ value: Type.Unknown(), source: LayerSchema }),
  ),
  revision: Type.Integer(),
  created_at: Type.String(),
  updated_at: Type.String(),
});
export type GroupView = Static<typeof GroupViewSchema>;
