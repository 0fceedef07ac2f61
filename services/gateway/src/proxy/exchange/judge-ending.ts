import type { Channel } from '@keymux/channels';
import {
  type AttemptOutcome,
  headerFacts,
  judge,
  type JudgeContext,
  type Judgement,
} from '@keymux/outcome';
import type { LiveStandardGroup } from '../../live-config/live-group.ts';
import type { AttemptFailure } from '../../upstream/attempt-failure.ts';
import type { Ending, HeldAnswer } from '../relay/ending.ts';
import type { LogRecord } from '../row/log-record.ts';

/** The attempt that ended. */
export interface EndedAttempt {
  readonly group: LiveStandardGroup;
  readonly record: LogRecord;
  readonly path: string;
  /** Whether the request went out. */
  readonly sent: boolean;
  readonly random: number;
  readonly nowMs: number;
}

/** How an attempt ended, and what it means. */
export interface JudgedEnding {
  readonly outcome: AttemptOutcome;
  readonly context: JudgeContext;
  readonly judgement: Judgement;
}

/** Judges how an attempt ended. */
export function judgeEnding(ending: Ending, attempt: EndedAttempt): JudgedEnding {
  const { group, record, path, sent, random, nowMs } = attempt;
  const { channel, errorRules } = group;
  const { method, modelSent: model } = record;
  const inference = channel.inference(method, path);
  const context = { nowMs, model, random, errorRules, inference, method };
  const outcome = toOutcome(ending, { channel, sent });
  return { outcome, context, judgement: judge(outcome, context) };
}

function toOutcome(
  ending: Ending,
  { channel, sent }: { readonly channel: Channel; readonly sent: boolean },
): AttemptOutcome {
  switch (ending.kind) {
    case 'answered': {
      const error = ending.usage?.errorEvent;
      if (error) return { kind: 'error-event', error, committed: true };
      return { kind: 'answered', status: ending.status, headers: {}, error: null, bodyText: '' };
    }
    case 'refused':
    case 'refused-streaming':
      return refusal(channel, ending.answer, ending.text);
    case 'empty':
      return { kind: 'empty', status: ending.answer.status };
    case 'error-event':
      return { kind: 'error-event', error: ending.error, committed: false };
    case 'failed':
      return {
        kind: failureKind(ending.failure, ending.committed),
        message: 'message' in ending.failure ? ending.failure.message : '',
        sent,
        committed: ending.committed,
      };
  }
}

function refusal(channel: Channel, answer: HeldAnswer, bodyText: string): AttemptOutcome {
  const headers = headerFacts(answer.headers.forwarded);
  const error = channel.errorFacts(answer.status, headers, bodyText);
  return { kind: 'answered', status: answer.status, headers, error, bodyText };
}

function failureKind(
  failure: AttemptFailure,
  committed: boolean,
): AttemptFailure['kind'] | 'cut-short' {
  return failure.kind === 'reset' && committed ? 'cut-short' : failure.kind;
}
