import type { KeyFact } from './command.ts';
import {
  type Cause,
  freshCondition,
  isLive,
  type KeyIdentity,
  type KeyState,
  type LiveKey,
  type Rest,
} from './state.ts';
import { revert, undo, withoutUndone } from './undo.ts';

/** Models that one key rests for at the same time; clients name models, so it is bounded. */
const maxRests = 64;

/** What a fact changes. Pure, and total: a fact that does not fit the state leaves it. */
export function evolve(state: KeyState, fact: KeyFact): KeyState {
  const { atMs } = fact;
  if (fact.type === 'KeyImported') {
    if (state.status !== 'absent') return state;
    const { group, sealed, fingerprint, masked } = fact.data;
    return { group, sealed, fingerprint, masked, note: '', ...freshCondition };
  }
  if (!isLive(state)) return state;
  switch (fact.type) {
    case 'KeyNoted':
      return { ...state, note: fact.data.note };
    case 'KeyChecked':
      return { ...state, check: { ...fact.data, at_ms: atMs } };
    case 'KeyResealed':
      return { ...state, sealed: fact.data.sealed, fingerprint: fact.data.fingerprint };
    case 'KeyVerdictUndone':
      return undo(state, fact.data, atMs);
    case 'KeyUndoReverted':
      return revert(state, fact.data.undo_id);
    case 'KeyDeleted':
      return { status: 'deleted' };
    default:
      return evolveCondition(withoutUndone(state), fact);
  }
}

type ConditionFact = Exclude<
  KeyFact,
  {
    type:
      | 'KeyImported'
      | 'KeyNoted'
      | 'KeyChecked'
      | 'KeyResealed'
      | 'KeyVerdictUndone'
      | 'KeyUndoReverted'
      | 'KeyDeleted';
  }
>;

function evolveCondition(state: LiveKey, fact: ConditionFact): LiveKey {
  const { atMs } = fact;
  switch (fact.type) {
    case 'KeyFailed':
      return { ...state, streak: fact.data.streak, failure: causeOf(fact.data, atMs) };
    case 'KeyBlacklisted': {
      const cause = causeOf(fact.data, atMs);
      const now = { streak: fact.data.streak, failure: cause, since_ms: atMs, cause };
      return { ...rememberedBy(state), ...now, status: 'blacklisted' };
    }
    case 'KeyCooled': {
      const { until, ...of } = fact.data;
      const rest = { model: of.model, until_ms: Date.parse(until), cause: causeOf(of, atMs) };
      return { ...state, rests: withRest(state.rests, rest, atMs) };
    }
    case 'KeyRestored':
      return restore(state, fact.data, atMs);
    case 'KeyForgiven':
      // The failures are of the guard's own millisecond at the latest.
      return { ...state, forgiven_ms: Math.max(state.forgiven_ms, atMs + 1) };
    case 'KeyRecovered':
      return { ...state, streak: 0, failure: null };
    case 'KeyEnabled': {
      if (state.status !== 'disabled') return state;
      const key = { ...rememberedBy(state), forgiven_ms: atMs };
      return state.blacklisting === null
        ? { ...key, streak: 0, failure: null, status: 'active' }
        : { ...key, ...state.blacklisting, status: 'blacklisted' };
    }
    case 'KeyDisabled': {
      const blacklisting =
        state.status === 'blacklisted' ? { since_ms: state.since_ms, cause: state.cause } : null;
      return { ...rememberedBy(state), status: 'disabled', since_ms: atMs, blacklisting };
    }
    default:
      return fact satisfies never;
  }
}

// Stored data may carry fields of a later version: only the known ones are taken.
function causeOf(data: Omit<Cause, 'at_ms'>, atMs: number): Cause {
  const { rule, status, message, upstream, model, request_id, threshold, streak } = data;
  return { rule, status, message, upstream, model, request_id, threshold, streak, at_ms: atMs };
}

type Remembered = KeyIdentity &
  Pick<LiveKey, 'streak' | 'failure' | 'rests' | 'forgiven_ms' | 'restored' | 'check'>;

// Without what belongs to one status only.
function rememberedBy(key: LiveKey): Remembered {
  const { group, sealed, fingerprint, masked, note } = key;
  const { streak, failure, rests, forgiven_ms, restored, check } = key;
  const who = { group, sealed, fingerprint, masked, note };
  return { ...who, streak, failure, rests, forgiven_ms, restored, check };
}

function withRest(rests: readonly Rest[], added: Rest, atMs: number): Rest[] {
  const others = rests.filter((rest) => rest.until_ms > atMs && rest.model !== added.model);
  const all = [...others, added];
  if (all.length <= maxRests) return all;
  return all.toSorted((a, b) => b.until_ms - a.until_ms).slice(0, maxRests);
}

type Restored = Extract<KeyFact, { type: 'KeyRestored' }>['data'];

function restore(key: LiveKey, data: Restored, atMs: number): LiveKey {
  const restored = { message: data.message, at_ms: atMs };
  const kept = { ...key, restored, forgiven_ms: Math.max(key.forgiven_ms, atMs) };
  const cleared = { ...kept, ...restsAndStreakAfter(key, data) };
  if (key.status !== 'disabled') return { ...rememberedBy(cleared), status: 'active' };
  const { since_ms } = key;
  return { ...rememberedBy(cleared), status: 'disabled', since_ms, blacklisting: null };
}

function restsAndStreakAfter(
  key: LiveKey,
  { reason, taken_back: back }: Restored,
): Pick<LiveKey, 'streak' | 'failure' | 'rests'> {
  switch (reason) {
    case 'person':
      return { streak: 0, failure: null, rests: [] };
    case 'probe':
      // One model answered; what other models rest for is not known.
      return { streak: 0, failure: null, rests: key.rests };
    case 'guard': {
      const isMeant = (cause: Cause): boolean =>
        back === undefined ||
        (cause.rule === back.rule &&
          cause.upstream === back.upstream &&
          cause.at_ms >= Date.parse(back.since));
      const rests = key.rests.filter((rest) => !isMeant(rest.cause));
      const { streak, failure } = key;
      return failure === null || isMeant(failure)
        ? { streak: 0, failure: null, rests }
        : { streak, failure, rests };
    }
    default:
      return reason satisfies never;
  }
}
