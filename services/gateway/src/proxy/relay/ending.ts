import type { ScannedError, ScanResult } from '@keymux/channels';
import type { AttemptFailure } from '../../upstream/attempt-failure.ts';
import type { GatewayErrorCode } from '../gateway-error/gateway-error.ts';
import type { ResponseHeaders } from '../headers/response-headers.ts';

/** An upstream's answer that was received whole and not sent to the client (yet). */
export interface HeldAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: ResponseHeaders;
  readonly chunks: readonly Buffer[];
}

/** How an attempt ended. */
export type Ending =
  /** An error answer, whole and held; `text` is what was read of it. */
  | { readonly kind: 'refused'; readonly answer: HeldAnswer; readonly text: string }
  /** An error answer too long to be held; it is on its way to the client. */
  | { readonly kind: 'refused-streaming'; readonly answer: HeldAnswer; readonly text: string }
  | { readonly kind: 'answered'; readonly status: number; readonly usage: ScanResult | null }
  | { readonly kind: 'empty'; readonly answer: HeldAnswer }
  | { readonly kind: 'error-event'; readonly answer: HeldAnswer; readonly error: ScannedError }
  | { readonly kind: 'failed'; readonly failure: AttemptFailure; readonly committed: boolean };

/** The status that the upstream answered with; null when it did not. */
export function statusOf(ending: Ending): number | null {
  switch (ending.kind) {
    case 'answered':
      return ending.status;
    case 'refused':
    case 'refused-streaming':
    case 'empty':
    case 'error-event':
      return ending.answer.status;
    case 'failed':
      return null;
  }
}

/** The gateway's own error for an attempt without an answer. */
export function failureCode(ending: Extract<Ending, { kind: 'failed' }>): GatewayErrorCode {
  switch (ending.failure.kind) {
    case 'connect-error':
    case 'tls-error':
      return 'upstream_unreachable';
    case 'reset':
    case 'invalid-response':
      return 'upstream_failed';
    case 'connect-timeout':
    case 'header-timeout':
    case 'first-byte-timeout':
    case 'stream-idle-timeout':
      return 'upstream_timeout';
  }
}
