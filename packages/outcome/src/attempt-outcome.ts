import type { ErrorFacts } from '@keymux/channels';

/** Headers of an answer that its judgement depends on, by lower-case name. */
export type HeaderFacts = Readonly<Record<string, string>>;

/** Ways to end without a whole answer. */
export type FailureKind =
  | 'connect-error'
  | 'connect-timeout'
  | 'tls-error'
  /** The connection was lost before the headers. */
  | 'reset'
  | 'invalid-response'
  | 'header-timeout'
  | 'first-byte-timeout'
  | 'stream-idle-timeout'
  /** The connection was lost after the headers. */
  | 'cut-short';

/** What one attempt brought: the noun that everything after it is decided from. */
export type AttemptOutcome =
  | {
      /** A whole answer, or one of 2xx whose stream went well. */
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: HeaderFacts;
      /** Null for an answer that is no error. */
      readonly error: ErrorFacts | null;
      /** Start of an error's body, decoded; else empty. */
      readonly bodyText: string;
    }
  /** 200 without anything, where content was asked for. */
  | { readonly kind: 'empty'; readonly status: number }
  | {
      /** An error inside an answer of 200. */
      readonly kind: 'error-event';
      readonly error: ErrorFacts;
      /** Whether a part of the answer was sent to the client before. */
      readonly committed: boolean;
    }
  | {
      readonly kind: FailureKind;
      readonly message: string;
      /** Whether the request went out: the upstream may have acted on it. */
      readonly sent: boolean;
      readonly committed: boolean;
    }
  | { readonly kind: 'client-gone' };

const judged =
  /^(?:retry-after(?:-ms)?|x-ratelimit-.*|anthropic-ratelimit-.*|content-type|x-should-retry)$/;

/** Picks what `judge` reads out of raw headers (names and values in turn); the first of a name counts. */
export function headerFacts(raw: readonly (Buffer | string)[]): HeaderFacts {
  const facts: Record<string, string> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = text(raw[at]).toLowerCase();
    if (judged.test(name)) facts[name] ??= text(raw[at + 1]);
  }
  return facts;
}

function text(value: Buffer | string | undefined): string {
  return typeof value === 'string' ? value : (value?.toString('latin1') ?? '');
}
