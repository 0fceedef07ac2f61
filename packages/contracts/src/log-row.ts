import { Type, type Static } from 'typebox';
import { ChannelNameSchema } from './channel.ts';

const nullable = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** What a policy decided about one attempt. */
export const VerdictSchema = Type.Enum([
  'success',
  'count',
  'blacklist',
  'cooldown',
  'upstream',
  'retry',
  'pass',
  'client',
]);
export type Verdict = Static<typeof VerdictSchema>;

/** Who erred. */
export const AtFaultSchema = Type.Enum(['client', 'gateway', 'key', 'upstream']);
export type AtFault = Static<typeof AtFaultSchema>;

/** One try of a request at one upstream with one key. */
export const AttemptSchema = Type.Object({
  key_id: Type.String(),
  key: Type.String({ description: 'masked' }),
  upstream: Type.String(),
  status: nullable(Type.Integer()),
  verdict: VerdictSchema,
  rule: Type.String(),
  ms: Type.Number(),
});
export type Attempt = Static<typeof AttemptSchema>;

export const TokensSchema = Type.Object({
  input: nullable(Type.Integer()),
  output: nullable(Type.Integer()),
  cached: nullable(Type.Integer()),
  reasoning: nullable(Type.Integer()),
});
export type Tokens = Static<typeof TokensSchema>;

/** One row a request. */
export const LogRowSchema = Type.Object({
  request_id: Type.String(),
  time: Type.String(),
  group: Type.String({
    description: 'the group that served; a member when an aggregate was asked',
  }),
  aggregate: nullable(Type.String()),
  channel: nullable(ChannelNameSchema),
  proxy_key: nullable(Type.String()),
  method: Type.String(),
  path: Type.String(),
  model: nullable(Type.String()),
  model_sent: nullable(Type.String()),
  streaming: Type.Boolean(),
  status: Type.Integer(),
  at_fault: nullable(AtFaultSchema),
  error: nullable(Type.String()),
  attempts: Type.Array(AttemptSchema),
  ttfb_ms: nullable(Type.Number()),
  duration_ms: Type.Number(),
  bytes_in: Type.Integer(),
  bytes_out: Type.Integer(),
  tokens: TokensSchema,
  source_ip: Type.String(),
  user_agent: nullable(Type.String()),
  revision: Type.Integer(),
  trace_id: nullable(Type.String()),
  upstream_request_id: Type.Optional(
    nullable(Type.String({ description: "the upstream's own x-request-id or request-id" })),
  ),
  body: Type.Optional(nullable(Type.String())),
});
export type LogRow = Static<typeof LogRowSchema>;
