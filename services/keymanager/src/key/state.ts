import { type Static, Type } from 'typebox';

const millis = Type.Integer({ description: 'epoch ms' });
const nullable = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** The failure that led to a state: what a person is told, and what a guard may take back. */
const CauseSchema = Type.Object({
  rule: Type.String(),
  status: nullable(Type.Integer()),
  message: Type.String(),
  upstream: Type.String(),
  model: nullable(Type.String()),
  request_id: nullable(Type.String()),
  threshold: Type.Integer(),
  streak: Type.Integer(),
  at_ms: millis,
});
export type Cause = Static<typeof CauseSchema>;

const RestSchema = Type.Object({
  model: nullable(Type.String({ description: 'null rests the whole key' })),
  until_ms: millis,
  cause: CauseSchema,
});
/** A rest of a key, for one model or whole. */
export type Rest = Static<typeof RestSchema>;

const BlacklistingSchema = Type.Object({ since_ms: millis, cause: CauseSchema });

// What a key in any state remembers.
const memory = {
  streak: Type.Integer({ description: 'consecutive counted failures' }),
  failure: nullable(CauseSchema),
  rests: Type.Array(RestSchema),
  /** Outcomes from before this moment do not count any more. */
  forgiven_ms: millis,
  restored: nullable(Type.Object({ message: Type.String(), at_ms: millis })),
  check: nullable(
    Type.Object({
      ok: Type.Boolean(),
      status: nullable(Type.Integer()),
      message: Type.String(),
      at_ms: millis,
    }),
  ),
};

const statuses = <T extends Parameters<typeof Type.Object>[0]>(more: T) =>
  Type.Union([
    Type.Object({ status: Type.Literal('active'), ...memory, ...more }),
    Type.Object({
      status: Type.Literal('blacklisted'),
      ...memory,
      ...BlacklistingSchema.properties,
      ...more,
    }),
    Type.Object({
      status: Type.Literal('disabled'),
      ...memory,
      since_ms: millis,
      /** A key that was blacklisted when it was disabled is so again when it is enabled. */
      blacklisting: nullable(BlacklistingSchema),
      ...more,
    }),
  ]);

/** Undos that nothing came after, with what they changed: each can be taken back, the last one first. */
const UndoneSchema = Type.Array(
  Type.Object({ undo_id: Type.String(), at_ms: millis, before: statuses({}) }),
);

/** What is folded from a key's events but for who it is: kept as JSON in the roster. */
export const ConditionSchema = statuses({ undone: Type.Optional(UndoneSchema) });
export type Condition = Static<typeof ConditionSchema>;

/** Who a key is. */
export interface KeyIdentity {
  readonly group: string;
  readonly sealed: string;
  readonly fingerprint: string;
  readonly masked: string;
  readonly note: string;
}

/** A key that is there: what commands are decided on. Whether it rests depends on the time: see {@link statusAt}. */
export type LiveKey = KeyIdentity & Condition;
export type KeyState = { readonly status: 'absent' } | LiveKey | { readonly status: 'deleted' };

export const initialState: KeyState = { status: 'absent' };

/** The condition of a key of which nothing is known but that it was imported. */
export const freshCondition: Condition = {
  status: 'active',
  streak: 0,
  failure: null,
  rests: [],
  forgiven_ms: 0,
  restored: null,
  check: null,
};

/** True for a key that was imported and not deleted. */
export function isLive(state: KeyState): state is LiveKey {
  return state.status !== 'absent' && state.status !== 'deleted';
}

/** When the last rest of a key ends, epoch ms; 0 when it has none. */
export function restsUntilMs(key: Condition): number {
  return key.rests.reduce((latest, rest) => Math.max(latest, rest.until_ms), 0);
}

/** The state that people see at a moment: an active key with a rest in the future is cooling. */
export function statusAt(
  key: Condition,
  nowMs: number,
): 'active' | 'cooling' | 'blacklisted' | 'disabled' {
  return key.status === 'active' && restsUntilMs(key) > nowMs ? 'cooling' : key.status;
}

/** The failure that the present state comes from; null when there is none. */
export function lastCause(key: Condition): Cause | null {
  switch (key.status) {
    case 'blacklisted':
      return key.cause;
    case 'disabled':
      return key.blacklisting?.cause ?? key.failure;
    case 'active': {
      const causes = key.rests.map((rest) => rest.cause);
      if (key.failure !== null) causes.push(key.failure);
      return causes.reduce<Cause | null>(
        (latest, cause) => (latest === null || cause.at_ms >= latest.at_ms ? cause : latest),
        null,
      );
    }
    default:
      return key satisfies never;
  }
}
