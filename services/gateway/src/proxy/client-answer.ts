import type { AwaitsRow } from '../outbox/outbox.ts';
import type { Clock } from '@keymux/service';
import type { Judgement } from '@keymux/outcome';
import type { HeldAnswer } from './ending.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import type { ExchangeRow } from './exchange-row.ts';
import { type GatewayErrorCode, gatewayErrors } from './gateway-error.ts';
import { sendGatewayError } from './send-error.ts';

export interface ClientAnswerDeps {
  readonly clock: Clock;
  readonly request: ExchangeRequest;
  readonly row: ExchangeRow;
  /** Bytes of the body that were relayed so far. */
  readonly relayedBytes: () => number;
  /** The client has its answer. */
  readonly close: () => void;
}

/** What the client is told where nothing is relayed: the last real answer, or an error of ours. */
export class ClientAnswer {
  readonly #deps: ClientAnswerDeps;
  #committed = false;
  #refused: { answer: HeldAnswer; judgement: Judgement } | undefined;
  #failure: { code: GatewayErrorCode; judgement: Judgement } | undefined;

  constructor(deps: ClientAnswerDeps) {
    this.#deps = deps;
  }

  /** Whether the client was sent anything. */
  get committed(): boolean {
    return this.#committed;
  }

  commit(status: number): void {
    const { record } = this.#deps.request;
    this.#committed = true;
    record.status = status;
    record.ttfbMs = this.#deps.clock.now() - record.startMs;
  }

  /** Keeps an upstream's answer for when no better one follows. */
  keepRefused(answer: HeldAnswer, judgement: Judgement): void {
    this.#refused = { answer, judgement };
  }

  /** Keeps why there is no answer; one that an upstream gave before is told instead. */
  keepFailure(code: GatewayErrorCode, judgement: Judgement): void {
    this.#failure = { code, judgement };
  }

  /** Sends what was kept; false when nothing was. */
  sendLast(): boolean {
    if (this.sendRefused()) return true;
    if (this.#failure === undefined) return false;
    const { code, judgement } = this.#failure;
    this.sendError(code, 'upstream', { detail: judgement.message });
    return true;
  }

  /** Sends the last answer that an upstream gave; false when there was none. */
  sendRefused(): boolean {
    if (this.#refused === undefined) return false;
    const { row, close } = this.#deps;
    if (row.settled) return true;
    const { res, record, extraHeaders } = this.#deps.request;
    const { answer, judgement } = this.#refused;
    this.commit(answer.status);
    row.blame(judgement);
    record.upstreamRequestId = answer.headers.upstreamRequestId;
    this.settle();
    res.sendDate = false;
    res.writeHead(answer.status, answer.statusText, [...answer.headers.forwarded, ...extraHeaders]);
    for (const chunk of answer.chunks) res.write(chunk);
    res.end();
    close();
    return true;
  }

  sendError(
    code: GatewayErrorCode,
    atFault: 'client' | 'gateway' | 'upstream',
    more: { readonly headers?: readonly string[]; readonly detail?: string } = {},
  ): void {
    if (this.#deps.row.settled) return;
    const { res, record, group, extraHeaders } = this.#deps.request;
    const { status, message } = gatewayErrors[code];
    this.commit(status);
    record.atFault = atFault;
    record.error = more.detail === undefined ? message : `${message} ${more.detail}`;
    this.settle();
    sendGatewayError(res, group.channel, code, {
      requestId: record.requestId,
      headers: [...(more.headers ?? []), ...extraHeaders],
    });
    this.#deps.close();
  }

  /** The answer cannot be completed: the client must see that, so its connection is cut. */
  cut(error: string): void {
    const { res, record } = this.#deps.request;
    record.error ??= error;
    record.atFault ??= 'upstream';
    this.settle();
    res.destroy();
    this.#deps.close();
  }

  /** Writes the log row; tells `awaits` when it is on disk. */
  settle(awaits?: AwaitsRow): void {
    this.#deps.row.settle(this.#committed ? this.#deps.relayedBytes() : 0, awaits);
  }
}
