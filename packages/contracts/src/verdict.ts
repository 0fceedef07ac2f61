import { Type, type Static } from 'typebox';
import { GroupNameSchema } from './group.ts';

/** What a policy decided on a key: out, put to rest, back after a probe, or not to blame. */
export const VerdictKindSchema = Type.Enum(['blacklisted', 'cooled', 'returned', 'guard']);
export type VerdictKind = Static<typeof VerdictKindSchema>;

const orNull = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** A verdict on a key as the API shows it. */
export const VerdictViewSchema = Type.Object({
  id: Type.String({ description: 'of the event' }),
  time: Type.String(),
  kind: VerdictKindSchema,
  group: GroupNameSchema,
  key_id: Type.String(),
  masked: Type.String(),
  why: Type.String({ description: 'One sentence: what was decided, and why.' }),
  rule: orNull(Type.String()),
  status: orNull(Type.Integer()),
  upstream: orNull(Type.String()),
  model: orNull(Type.String()),
  until: orNull(Type.String({ description: 'ISO 8601; until when it rests' })),
  request_id: orNull(Type.String()),
});
export type VerdictView = Static<typeof VerdictViewSchema>;
