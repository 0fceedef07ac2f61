import { Type, type Static } from 'typebox';
import { GroupSchema } from './group.ts';
import { VerdictSchema } from './log-row.ts';

/** The streams of the message bus. */
export const streamNames = [
  'KEY_OUTCOMES',
  'KEY_STATE',
  'KEY_HEADROOM',
  'CONFIG',
  'KEY_CHECKS',
  'REQUEST_LOGS',
] as const;
export type StreamName = (typeof streamNames)[number];

/** The subject of each kind of message. */
export const subjects = {
  keyOutcome: (group: string) => `key.outcome.${group}`,
  keyState: (group: string) => `key.state.${group}`,
  keyHeadroom: (group: string) => `key.headroom.${group}`,
  config: (kind: ConfigChange['kind']) => `config.${kind}`,
  keyCheck: (group: string) => `key.check.${group}`,
  requestLog: (group: string) => `log.request.${group}`,
} as const;

/** Message types, versioned by addition. */
export const messageTypes = {
  keyOutcomes: 'keymux.key.outcomes',
  keyState: 'keymux.key.state',
  keyHeadroom: 'keymux.key.headroom',
  config: 'keymux.config.changed',
  keyChecked: 'keymux.key.checked',
  requestLogs: 'keymux.log.requests',
} as const;

/** What an attempt brought and where: enough to judge it again under another policy. */
export const RecordedAttemptSchema = Type.Object({
  kind: Type.String({ description: 'of the outcome: `answered`, `reset`, …' }),
  error: Type.Union([
    Type.Object({
      message: Type.String(),
      code: Type.Union([Type.String(), Type.Null()]),
      type: Type.Union([Type.String(), Type.Null()]),
    }),
    Type.Null(),
  ]),
  text: Type.String({ description: 'start of the body of an error' }),
  hint_ms: Type.Union([Type.Number(), Type.Null()], {
    description: 'after which the answer said that its limit ends',
  }),
  sent: Type.Boolean(),
  committed: Type.Boolean(),
  method: Type.String(),
  model: Type.Union([Type.String(), Type.Null()]),
  inference: Type.Boolean(),
  random: Type.Number(),
  number: Type.Integer({ description: 'among the attempts of its request, from 1' }),
  retry: Type.Enum(['no', 'other-key', 'other-upstream']),
  alike: Type.Union([Type.String(), Type.Null()]),
  pool_size: Type.Integer(),
  after_success: Type.Boolean({
    description: 'a key succeeded at the upstream since the last failure there',
  }),
});
export type RecordedAttempt = Static<typeof RecordedAttemptSchema>;

/** A failure goes at once and alone; successes of a key are folded. */
export const KeyOutcomeSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('failure'),
    key_id: Type.String(),
    at: Type.String(),
    verdict: Type.Extract(VerdictSchema, Type.Enum(['count', 'blacklist', 'cooldown'])),
    rule: Type.String(),
    status: Type.Union([Type.Integer(), Type.Null()]),
    message: Type.String(),
    upstream: Type.String(),
    model: Type.Union([Type.String(), Type.Null()]),
    until: Type.Union([Type.String(), Type.Null()], { description: 'end of a cool-down' }),
    request_id: Type.String(),
    attempt: Type.Optional(RecordedAttemptSchema),
  }),
  Type.Object(
    {
      kind: Type.Literal('noted'),
      key_id: Type.String(),
      at: Type.String(),
      verdict: VerdictSchema,
      held: Type.Boolean({ description: 'the mass-failure guard kept the verdict from falling' }),
      rule: Type.String(),
      status: Type.Union([Type.Integer(), Type.Null()]),
      message: Type.String(),
      upstream: Type.String(),
      until: Type.Union([Type.String(), Type.Null()]),
      request_id: Type.String(),
      attempt: RecordedAttemptSchema,
    },
    { description: 'a failure that fell on no key' },
  ),
  Type.Object(
    {
      kind: Type.Literal('no-key'),
      at: Type.String(),
      model: Type.Union([Type.String(), Type.Null()]),
      request_id: Type.String(),
    },
    { description: 'a request that found no usable key' },
  ),
  Type.Object({
    kind: Type.Literal('success'),
    key_id: Type.String(),
    at: Type.String({ description: 'of the last one' }),
    count: Type.Integer({ minimum: 1 }),
    request_id: Type.String({ description: 'of the last one' }),
  }),
  Type.Object({
    kind: Type.Literal('guard'),
    at: Type.String(),
    upstream: Type.String(),
    rule: Type.String(),
    status: Type.Union([Type.Integer(), Type.Null()]),
    key_ids: Type.Array(Type.String(), {
      description: 'whose verdicts since `since` are taken back',
    }),
    since: Type.String(),
  }),
]);
export type KeyOutcome = Static<typeof KeyOutcomeSchema>;
export type KeyFailure = Extract<KeyOutcome, { kind: 'failure' }>;

/**
 * Outcomes of one group from one producer (a gateway's spool). `batch` grows by producer;
 * batches up to `acked_through` will never be sent again, so their marks may be forgotten.
 */
export const KeyOutcomesSchema = Type.Object({
  group: Type.String(),
  producer: Type.String(),
  batch: Type.Integer({ minimum: 1 }),
  acked_through: Type.Integer({ minimum: 0 }),
  outcomes: Type.Array(KeyOutcomeSchema),
});
export type KeyOutcomes = Static<typeof KeyOutcomesSchema>;

/** A key as gateways know it: what is needed to choose it and to send it. */
export const PoolKeySchema = Type.Object({
  id: Type.String(),
  sealed: Type.String(),
  masked: Type.String(),
  state: Type.Enum(['active', 'blacklisted', 'disabled', 'deleted']),
  streak: Type.Integer(),
  cooldowns: Type.Array(
    Type.Object({
      model: Type.Union([Type.String(), Type.Null()]),
      until_ms: Type.Integer(),
    }),
  ),
  version: Type.Integer(),
  repaired: Type.Optional(
    Type.Boolean({
      description: 'keymanager had it otherwise by mistake, maybe under a later version',
    }),
  ),
});
export type PoolKey = Static<typeof PoolKeySchema>;

/** Changes of one pool; `pool_revision` is gap-free: a gap means resync from a snapshot. */
export const KeyStateChangedSchema = Type.Object({
  group: Type.String(),
  pool_revision: Type.Integer({ minimum: 1 }),
  changes: Type.Array(PoolKeySchema),
});
export type KeyStateChanged = Static<typeof KeyStateChangedSchema>;

/** A group as gateways know it: proxy keys only as fingerprints, with a name for the log. */
export const GatewayGroupSchema = Type.Object({
  ...Type.Omit(GroupSchema, ['proxy_keys']).properties,
  proxy_keys: Type.Array(Type.Object({ name: Type.String(), fingerprint: Type.String() })),
});
export type GatewayGroup = Static<typeof GatewayGroupSchema>;

/** Values of all settings but the proxy keys, after default, environment and system layers. */
export const SystemSettingsSchema = Type.Object({
  values: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean(), Type.String()])),
  proxy_keys: Type.Array(Type.Object({ name: Type.String(), fingerprint: Type.String() })),
});
export type SystemSettings = Static<typeof SystemSettingsSchema>;

/** The whole config, as services other than config need it. */
export const ConfigSnapshotSchema = Type.Object({
  revision: Type.Integer(),
  settings: SystemSettingsSchema,
  groups: Type.Array(GatewayGroupSchema),
});
export type ConfigSnapshot = Static<typeof ConfigSnapshotSchema>;

/** What the CONFIG stream carries: the full new value and the revision it belongs to. */
export const ConfigChangeSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('settings'),
    revision: Type.Integer(),
    settings: SystemSettingsSchema,
  }),
  Type.Object({ kind: Type.Literal('group'), revision: Type.Integer(), group: GatewayGroupSchema }),
  Type.Object({
    kind: Type.Literal('group-deleted'),
    revision: Type.Integer(),
    name: Type.String(),
  }),
  Type.Object({
    kind: Type.Literal('session-revoked'),
    revision: Type.Integer(),
    session: Type.String(),
    until_ms: Type.Integer(),
  }),
]);
export type ConfigChange = Static<typeof ConfigChangeSchema>;

/** The result of one probe. */
export const KeyCheckedSchema = Type.Object({
  group: Type.String(),
  key_id: Type.String(),
  at: Type.String(),
  ok: Type.Boolean(),
  status: Type.Union([Type.Integer(), Type.Null()]),
  message: Type.String(),
  ms: Type.Number(),
});
export type KeyChecked = Static<typeof KeyCheckedSchema>;

/** Log rows of one group as newline separated JSON, serialised once by the gateway. */
export const RequestLogsSchema = Type.Object({
  group: Type.String(),
  producer: Type.String(),
  batch: Type.Integer({ minimum: 1 }),
  count: Type.Integer({ minimum: 1 }),
  rows: Type.String(),
});
export type RequestLogs = Static<typeof RequestLogsSchema>;
