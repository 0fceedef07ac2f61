import { Type, type Static } from 'typebox';
import { ErrorRuleSchema } from './group.ts';

/** A policy to try; what is not named stays as it really was. */
export const TriedPolicySchema = Type.Object(
  {
    blacklist_threshold: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
    error_rules: Type.Optional(Type.Array(ErrorRuleSchema, { maxItems: 200 })),
    max_retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    rest_seconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 604_800,
        description: 'rest of a key after a 429 that does not say how long',
      }),
    ),
    guard: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(Type.Boolean()),
          window_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
          keys: Type.Optional(
            Type.Integer({ minimum: 2, maximum: 10_000, description: 'that fail alike' }),
          ),
        },
        { additionalProperties: false, description: 'the mass-failure guard' },
      ),
    ),
  },
  { additionalProperties: false },
);
export type TriedPolicy = Static<typeof TriedPolicySchema>;

const KeyOutlookSchema = Type.Enum(['blacklisted', 'cooled', 'kept']);

const ReplayedSchema = Type.Object({
  blacklisted: Type.Integer(),
  cooled: Type.Integer(),
  failures: Type.Integer({ description: 'counted against keys' }),
  requests_without_key: Type.Integer(),
  requests_failed_over: Type.Integer({ description: 'tried again elsewhere after a failure' }),
  seconds_without_key: Type.Number({
    description: 'since the group had its first key, or a request asked for one',
  }),
  usable: Type.Array(Type.Object({ time: Type.String(), value: Type.Integer() }), {
    description: 'usable keys over time',
  }),
});

/** What recorded outcomes would have come to under another policy. */
export const SimulationSchema = Type.Object({
  outcomes: Type.Integer(),
  requests_without_key: Type.Integer({ description: 'under the tried policy' }),
  keys: Type.Array(
    Type.Object({
      id: Type.String(),
      verdict: KeyOutlookSchema,
      at: Type.String(),
      recorded_verdict: KeyOutlookSchema,
    }),
    { description: 'keys that would have fared otherwise; the first 1,000' },
  ),
  keys_total: Type.Integer({ description: 'how many would have' }),
  before: ReplayedSchema,
  after: ReplayedSchema,
});
export type Simulation = Static<typeof SimulationSchema>;
