import type { Judgement } from '@keymux/outcome';
import type { Step } from '../exchange/attempt-plan.ts';
import { type Ending, failureCode, type HeldAnswer } from '../relay/ending.ts';
import type { ExchangeRow } from '../row/exchange-row.ts';
import { type GatewayErrorCode, gatewayErrors } from '../gateway-error/gateway-error.ts';
import type { LogRecord } from '../row/log-record.ts';
import { endWithError, responseHead } from '../gateway-error/raw-response.ts';
import { retryAfter } from '../admit/refusal.ts';
import type { UpgradeClient } from './upgrade-request.ts';

/** How an attempt to upgrade failed. */
export type UpgradeFailure = Extract<Ending, { kind: 'refused' | 'failed' }>;

/** What the client is told where nothing speaks its protocol: the last refusal of an upstream, or an error of ours. */
export class UpgradeAnswer {
  readonly #client: UpgradeClient;
  readonly #record: LogRecord;
  readonly #row: ExchangeRow;
  #refused: { readonly answer: HeldAnswer; readonly judgement: Judgement } | undefined;
  #failure: { readonly code: GatewayErrorCode; readonly judgement: Judgement } | undefined;

  constructor(about: { client: UpgradeClient; record: LogRecord; row: ExchangeRow }) {
    this.#client = about.client;
    this.#record = about.record;
    this.#row = about.row;
  }

  /** Keeps how an attempt failed for when no better one follows. */
  keep(ending: UpgradeFailure, judgement: Judgement): void {
    if (ending.kind === 'refused') this.#refused = { answer: ending.answer, judgement };
    else this.#failure = { code: failureCode(ending), judgement };
  }

  /** Sends what was kept; false when nothing was. */
  sendLast(): boolean {
    if (this.#refused !== undefined) {
      this.#sendRefused(this.#refused.answer, this.#refused.judgement);
      return true;
    }
    if (this.#failure === undefined) return false;
    const { code, judgement } = this.#failure;
    this.sendError(code, { atFault: 'upstream', detail: judgement.message });
    return true;
  }

  /** There is nothing to try: sends what was kept, or says so; true when it was the latter. */
  sendNone(step: Exclude<Step, { kind: 'attempt' }>): boolean {
    if (step.kind === 'refused') this.sendError(step.code, { atFault: 'client' });
    else if (this.sendLast()) return false;
    else if (step.kind === 'no-upstream') this.sendError('no_upstream', { atFault: 'gateway' });
    else this.sendError('no_key', { atFault: 'gateway', retryAfterMs: step.waitMs });
    return true;
  }

  sendError(
    code: GatewayErrorCode,
    about: {
      readonly atFault: NonNullable<LogRecord['atFault']>;
      readonly detail?: string;
      readonly retryAfterMs?: number;
    },
  ): void {
    const { status, message } = gatewayErrors[code];
    const { atFault, detail } = about;
    const error = detail === undefined ? message : `${message} ${detail}`;
    Object.assign(this.#record, { status, atFault, error });
    this.#row.settle(0);
    endWithError(this.#client.socket, code, {
      requestId: this.#record.requestId,
      headers: retryAfter({ code, ...about }),
    });
  }

  #sendRefused({ status, statusText, headers, chunks }: HeldAnswer, judgement: Judgement): void {
    const { socket } = this.#client;
    this.#record.status = status;
    this.#record.upstreamRequestId = headers.upstreamRequestId;
    this.#row.blame(judgement);
    this.#row.settle(chunks.reduce((sum, { length }) => sum + length, 0));
    socket.write(responseHead(status, statusText, [...headers.forwarded, 'connection', 'close']));
    for (const chunk of chunks) socket.write(chunk);
    socket.end();
  }
}
