import type { ErrorFacts } from '@keymux/channels';
import type { AttemptOutcome, HeaderFacts } from './attempt-outcome.ts';
import { statusOfEvent } from './error-meaning.ts';

/** An outcome as the rows of the table see it: every kind with the same fields. */
export interface Subject {
  readonly kind: AttemptOutcome['kind'];
  /** Of an error event the status that it stands for; null where there is none. */
  readonly status: number | null;
  readonly error: ErrorFacts | null;
  readonly headers: HeaderFacts;
  readonly bodyText: string;
  readonly message: string;
  /** The upstream may have done what it was asked, and nobody knows. */
  readonly mayHaveActed: boolean;
  readonly committed: boolean;
}

/** Lays an outcome out for judging. */
export function subjectOf(outcome: AttemptOutcome): Subject {
  const blank = {
    kind: outcome.kind,
    status: null,
    error: null,
    headers: {},
    bodyText: '',
    message: '',
    mayHaveActed: true,
    committed: false,
  } satisfies Subject;
  switch (outcome.kind) {
    case 'answered': {
      const { status, headers, error, bodyText } = outcome;
      return {
        kind: 'answered',
        status,
        error,
        headers,
        bodyText,
        message: error?.message ?? `HTTP ${status}`,
        // These two refuse before they act; other 5xx may come from a proxy in between.
        mayHaveActed: status >= 500 && status !== 503 && status !== 529,
        committed: false,
      };
    }
    case 'empty':
      return { ...blank, status: outcome.status, message: 'the answer was empty' };
    case 'error-event': {
      const { error, committed } = outcome;
      return { ...blank, status: statusOfEvent(error), error, message: error.message, committed };
    }
    case 'client-gone':
      return { ...blank, message: 'the client went away' };
    case 'connect-error':
    case 'connect-timeout':
    case 'tls-error':
    case 'reset':
    case 'invalid-response':
    case 'header-timeout':
    case 'first-byte-timeout':
    case 'stream-idle-timeout':
    case 'cut-short': {
      const { message, sent, committed } = outcome;
      return { ...blank, message: message || outcome.kind, mayHaveActed: sent, committed };
    }
    default:
      return outcome satisfies never;
  }
}
