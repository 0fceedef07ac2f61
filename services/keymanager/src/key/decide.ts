import type { KeyFailure } from '@keymux/contracts';
import type { CheckResult, KeyCommand, KeyFact, KeyGuard, KeySuccess } from './command.ts';
import { type Cause, isLive, type KeyState, type LiveKey, restsUntilMs } from './state.ts';
import { isUndoable } from './undo.ts';

/** A 429 without any hint. */
const defaultRestMs = 60_000;
/** No hint of a provider is longer; a misread one must not put a key away for years. */
const longestRestMs = 31 * 24 * 3_600_000;

/** What a command makes happen to a key: no facts when nothing changes. Pure. */
export function decide(state: KeyState, command: KeyCommand): readonly KeyFact[] {
  const atMs = command.nowMs;
  if (!isLive(state)) {
    if (command.kind !== 'import' || state.status === 'deleted') return [];
    const { group, sealed, fingerprint, masked, taskId } = command;
    const data = { group, sealed, fingerprint, masked, task_id: taskId };
    return [{ type: 'KeyImported', data, atMs }];
  }
  switch (command.kind) {
    case 'import':
      return [];
    case 'hear-failure':
      return hearFailure(state, command.outcome, command);
    case 'hear-success':
      return hearSuccess(state, command.outcome, atMs);
    case 'hear-guard':
      return hearGuard(state, command.outcome, atMs);
    case 'hear-check':
      return hearCheck(state, command);
    case 'restore':
      return needsRestoring(state, atMs)
        ? [{ type: 'KeyRestored', data: { reason: 'person', message: command.message }, atMs }]
        : [];
    case 'undo': {
      const { undoId, verdicts } = command;
      if (!isUndoable(state, verdicts, atMs)) return [];
      return [{ type: 'KeyVerdictUndone', data: { undo_id: undoId, verdicts }, atMs }];
    }
    case 'revert-undo': {
      const { undoId } = command;
      // A key that changed meanwhile stays as it is now.
      if (state.undone?.at(-1)?.undo_id !== undoId) return [];
      return [{ type: 'KeyUndoReverted', data: { undo_id: undoId }, atMs }];
    }
    case 'enable':
      return state.status === 'disabled' ? [{ type: 'KeyEnabled', data: {}, atMs }] : [];
    case 'disable':
      return state.status === 'disabled' ? [] : [{ type: 'KeyDisabled', data: {}, atMs }];
    case 'note':
      if (command.note === state.note) return [];
      return [{ type: 'KeyNoted', data: { note: command.note }, atMs }];
    case 'reseal': {
      const { sealed, fingerprint } = command;
      if (sealed === state.sealed && fingerprint === state.fingerprint) return [];
      return [{ type: 'KeyResealed', data: { sealed, fingerprint }, atMs }];
    }
    case 'delete':
      return [{ type: 'KeyDeleted', data: {}, atMs }];
    default:
      return command satisfies never;
  }
}

// A gateway's clock may be ahead, and a time that cannot be read is now.
function happenedMs(at: string, nowMs: number): number {
  const atMs = Date.parse(at);
  return Number.isNaN(atMs) ? nowMs : Math.min(atMs, nowMs);
}

function hearFailure(
  key: LiveKey,
  outcome: KeyFailure,
  { threshold, nowMs }: { threshold: number; nowMs: number },
): readonly KeyFact[] {
  if (key.status !== 'active') return [];
  const atMs = happenedMs(outcome.at, nowMs);
  if (atMs < key.forgiven_ms) return [];
  const { rule, status, message, upstream, model, request_id } = outcome;
  const of = { rule, status, message, upstream, model, request_id, threshold };
  if (outcome.verdict === 'cooldown') {
    const untilMs = restEnds(outcome.until, nowMs);
    if (untilMs <= Math.max(nowMs, knownRestMs(key, model))) return [];
    const until = new Date(untilMs).toISOString();
    return [{ type: 'KeyCooled', data: { ...of, streak: key.streak, until }, atMs }];
  }
  const data = { ...of, streak: key.streak + 1 };
  const blacklisted = { type: 'KeyBlacklisted', data, atMs } as const;
  // A threshold of 0 never blacklists, not even on the provider's word.
  if (outcome.verdict === 'blacklist' && threshold > 0) return [blacklisted];
  const failed = { type: 'KeyFailed', data, atMs } as const;
  return threshold > 0 && data.streak >= threshold ? [failed, blacklisted] : [failed];
}

function restEnds(until: string | null, nowMs: number): number {
  const asked = until === null ? Number.NaN : Date.parse(until);
  return Number.isNaN(asked) ? nowMs + defaultRestMs : Math.min(asked, nowMs + longestRestMs);
}

// A rest of the whole key covers that of any model.
function knownRestMs(key: LiveKey, model: string | null): number {
  return key.rests
    .filter((rest) => rest.model === null || rest.model === model)
    .reduce((latest, rest) => Math.max(latest, rest.until_ms), 0);
}

function hearSuccess(key: LiveKey, outcome: KeySuccess, nowMs: number): readonly KeyFact[] {
  if (key.status !== 'active' || key.streak === 0) return [];
  const atMs = happenedMs(outcome.at, nowMs);
  // Successes are folded, so one may arrive after a failure that it came before.
  if (atMs < Math.max(key.forgiven_ms, key.failure?.at_ms ?? 0)) return [];
  const data = { streak: key.streak, request_id: outcome.request_id };
  return [{ type: 'KeyRecovered', data, atMs }];
}

function hearGuard(key: LiveKey, outcome: KeyGuard, nowMs: number): readonly KeyFact[] {
  const atMs = happenedMs(outcome.at, nowMs);
  const { rule, upstream, since, status } = outcome;
  const sinceMs = happenedMs(since, nowMs);
  const isMeant = (cause: Cause | null): boolean =>
    cause !== null &&
    cause.rule === rule &&
    cause.upstream === upstream &&
    cause.at_ms >= sinceMs &&
    cause.at_ms >= key.forgiven_ms;
  const answer = status === null ? rule : `${status} (rule ${rule})`;
  const message = `Several keys failed alike at ${upstream} with ${answer} while none succeeded there: the address or the upstream is to blame, not the key.`;
  const back = { rule, upstream, since };
  if ([...verdictsOn(key), ...key.rests.map((rest) => rest.cause)].some(isMeant)) {
    return [{ type: 'KeyRestored', data: { reason: 'guard', message, taken_back: back }, atMs }];
  }
  // Of two replicas the other one may still be busy with the failures.
  if (key.status !== 'active' || atMs <= key.forgiven_ms) return [];
  return [{ type: 'KeyForgiven', data: { message, ...back }, atMs }];
}

function verdictsOn(key: LiveKey): (Cause | null)[] {
  switch (key.status) {
    case 'active':
      return [key.failure];
    case 'blacklisted':
      return [key.cause];
    case 'disabled':
      return [key.blacklisting === null ? key.failure : key.blacklisting.cause];
    default:
      return key satisfies never;
  }
}

function hearCheck(
  key: LiveKey,
  command: {
    readonly check: CheckResult;
    readonly at: string;
    readonly passing: 'restores' | 'reports';
    readonly nowMs: number;
  },
): readonly KeyFact[] {
  const { ok, status, message } = command.check;
  const atMs = happenedMs(command.at, command.nowMs);
  const restores =
    ok &&
    command.passing === 'restores' &&
    key.status === 'blacklisted' &&
    // The answer to a probe from before the verdict says nothing about it.
    atMs >= key.since_ms;
  const checked = { type: 'KeyChecked', data: { ok, status, message }, atMs } as const;
  if (!restores) return [checked];
  const data = { reason: 'probe', message: 'A probe passed.' } as const;
  return [checked, { type: 'KeyRestored', data, atMs }];
}

function needsRestoring(key: LiveKey, nowMs: number): boolean {
  if (key.status === 'blacklisted' || key.streak > 0) return true;
  if (key.status === 'disabled' && key.blacklisting !== null) return true;
  return restsUntilMs(key) > nowMs;
}
