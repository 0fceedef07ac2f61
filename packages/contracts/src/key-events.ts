import { Type, type Static } from 'typebox';

/** What caused a key event: an outcome of a request, or a person. */
const cause = {
  rule: Type.String(),
  status: Type.Union([Type.Integer(), Type.Null()]),
  message: Type.String(),
  upstream: Type.String(),
  model: Type.Union([Type.String(), Type.Null()]),
  request_id: Type.Union([Type.String(), Type.Null()]),
  threshold: Type.Integer(),
  streak: Type.Integer(),
};

/** Which verdicts an undo takes back: of failures by these, between these moments (ISO 8601, inclusive). */
export const VerdictsSchema = Type.Object({
  rule: Type.Union([Type.String(), Type.Null()]),
  status: Type.Union([Type.Integer(), Type.Null()]),
  upstream: Type.Union([Type.String(), Type.Null()]),
  from: Type.String(),
  to: Type.String(),
});
export type Verdicts = Static<typeof VerdictsSchema>;

/** The facts of a key's life, by type; each schema is its data. Versioned by addition. */
export const keyEventSchemas = {
  KeyImported: Type.Object({
    group: Type.String(),
    sealed: Type.String(),
    fingerprint: Type.String(),
    masked: Type.String(),
    task_id: Type.Union([Type.String(), Type.Null()]),
  }),
  KeyFailed: Type.Object(cause),
  KeyBlacklisted: Type.Object(cause),
  KeyCooled: Type.Object({ ...cause, until: Type.String() }),
  KeyRestored: Type.Object({
    reason: Type.Enum(['probe', 'person', 'guard']),
    message: Type.String(),
    /** Of a guard: the failures that were taken back. */
    taken_back: Type.Optional(
      Type.Object({ rule: Type.String(), upstream: Type.String(), since: Type.String() }),
    ),
  }),
  KeyRecovered: Type.Object({
    streak: Type.Integer({ description: 'that ended' }),
    request_id: Type.Union([Type.String(), Type.Null()]),
  }),
  /** A guard spoke before failures that it takes back were heard: those do not count. */
  KeyForgiven: Type.Object({
    message: Type.String(),
    rule: Type.String(),
    upstream: Type.String(),
    since: Type.String(),
  }),
  KeyEnabled: Type.Object({}),
  KeyDisabled: Type.Object({}),
  KeyNoted: Type.Object({ note: Type.String() }),
  KeyChecked: Type.Object({
    ok: Type.Boolean(),
    status: Type.Union([Type.Integer(), Type.Null()]),
    message: Type.String(),
  }),
  KeyResealed: Type.Object({ sealed: Type.String(), fingerprint: Type.String() }),
  KeyDeleted: Type.Object({}),
  /** A person took verdicts back that many keys had in common. */
  KeyVerdictUndone: Type.Object({ undo_id: Type.String(), verdicts: VerdictsSchema }),
  /** That undo was taken back: the key is as it was before it. */
  KeyUndoReverted: Type.Object({ undo_id: Type.String() }),
} as const;

export type KeyEventType = keyof typeof keyEventSchemas;
export type KeyEvent = {
  [T in KeyEventType]: { readonly type: T; readonly data: Static<(typeof keyEventSchemas)[T]> };
}[KeyEventType];
