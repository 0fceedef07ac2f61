import type { RecordedAttempt } from '@keymux/contracts';
import type { AttemptOutcome, FailureKind } from './attempt-outcome.ts';
import { judge } from './judge.ts';
import type { JudgeContext, Judgement } from './judgement.ts';
import { resetHint } from './reset-hint.ts';

/** Longest text of an error that is kept, in characters. */
const maxTextLength = 1_000;

type Judged = Pick<
  RecordedAttempt,
  | 'kind'
  | 'error'
  | 'text'
  | 'hint_ms'
  | 'sent'
  | 'committed'
  | 'method'
  | 'model'
  | 'inference'
  | 'random'
>;

/** What of an outcome must be kept to judge it again; `clean` takes secrets out of its texts. */
export function recordAttempt(
  outcome: AttemptOutcome,
  context: JudgeContext,
  clean: (text: string) => string,
): Judged {
  const { method, model, inference, random, nowMs } = context;
  const about = { kind: outcome.kind, method, model, inference, random };
  const blank = { error: null, text: '', hint_ms: null, sent: true, committed: false };
  switch (outcome.kind) {
    case 'answered': {
      const { headers, bodyText, error } = outcome;
      const hintMs = resetHint({ headers, bodyText, nowMs });
      return {
        ...about,
        ...blank,
        error: error === null ? null : { ...error, message: clean(error.message) },
        text: clean(bodyText.slice(0, maxTextLength)),
        hint_ms: hintMs === null ? null : hintMs - nowMs,
      };
    }
    case 'error-event': {
      const { error, committed } = outcome;
      return { ...about, ...blank, error: { ...error, message: clean(error.message) }, committed };
    }
    case 'empty':
    case 'client-gone':
      return { ...about, ...blank };
    default: {
      const { message, sent, committed } = outcome;
      return { ...about, ...blank, text: clean(message).slice(0, maxTextLength), sent, committed };
    }
  }
}

const failureKinds: readonly FailureKind[] = [
  'connect-error',
  'connect-timeout',
  'tls-error',
  'reset',
  'invalid-response',
  'header-timeout',
  'first-byte-timeout',
  'stream-idle-timeout',
  'cut-short',
];

function outcomeOf(recorded: Judged, status: number | null): AttemptOutcome {
  const { kind, error, text, hint_ms, sent, committed } = recorded;
  if (kind === 'empty') return { kind, status: status ?? 200 };
  if (kind === 'client-gone') return { kind };
  if (kind === 'error-event') {
    return { kind, error: error ?? { message: text, code: null, type: null }, committed };
  }
  const failure = failureKinds.find((each) => each === kind);
  if (failure !== undefined) return { kind: failure, message: text, sent, committed };
  // One header stands for all hints: it is the latest of them.
  const headers = hint_ms === null ? {} : { 'retry-after-ms': String(hint_ms) };
  return { kind: 'answered', status: status ?? 0, headers, error, bodyText: text };
}

/** Judges a recorded attempt as it is judged live, under other rules. */
export function judgeAgain(
  recorded: Judged,
  at: { readonly status: number | null; readonly nowMs: number },
  policy: Pick<JudgeContext, 'errorRules' | 'usualRestMs'>,
): Judgement {
  const { method, model, inference, random } = recorded;
  return judge(outcomeOf(recorded, at.status), {
    ...policy,
    nowMs: at.nowMs,
    method,
    model,
    inference,
    random,
  });
}
