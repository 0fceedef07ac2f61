import { channelByName } from '@keymux/channels';
import type { ChannelName } from '@keymux/contracts';
import type { AttemptOutcome, FailureKind, HeaderFacts } from './attempt-outcome.ts';
import type { JudgeContext } from './judgement.ts';

/** The moment of all judgements in tests. */
export const nowMs = Date.UTC(2026, 0, 15, 12);
/** The model of the usual request. */
export const model = 'm-1';

/** A usual request, with changes. */
export function context(changes: Partial<JudgeContext> = {}): JudgeContext {
  return {
    nowMs,
    model,
    random: 0.5,
    errorRules: [],
    inference: true,
    method: 'POST',
    ...changes,
  };
}

/** An answer as the gateway would tell of it. */
export function answered(
  status: number,
  body: unknown = {},
  { channel = 'openai', headers = {} }: { channel?: ChannelName; headers?: HeaderFacts } = {},
): AttemptOutcome {
  const bodyText = typeof body === 'string' ? body : JSON.stringify(body);
  const error = status < 400 ? null : channelByName(channel).errorFacts(status, headers, bodyText);
  return { kind: 'answered', status, headers, error, bodyText };
}

/** An error inside a 200. */
export function errorEvent(
  error: { message?: string; code?: string | null; type?: string | null },
  committed = false,
): AttemptOutcome {
  return {
    kind: 'error-event',
    error: { message: 'm', code: null, type: null, ...error },
    committed,
  };
}

/** An attempt without a whole answer. */
export function failed(kind: FailureKind, { sent = true, committed = false } = {}): AttemptOutcome {
  return { kind, message: '', sent, committed };
}
