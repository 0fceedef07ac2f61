import type { AwaitsRow } from '../../outbox/outbox.ts';
import type { AtFault } from '@keymux/contracts';
import type { Clock } from '@keymux/service';
import type { Judgement } from '@keymux/outcome';
import type { Step } from './attempt-plan.ts';
import type { AttemptRun } from './attempt-run.ts';
import { type Ending, failureCode, type HeldAnswer } from '../relay/ending.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import type { ExchangeRow } from '../row/exchange-row.ts';
import { type GatewayErrorCode, gatewayErrors } from '../gateway-error/gateway-error.ts';
import { withCors } from '../headers/response-headers.ts';
import { sendGatewayError } from '../gateway-error/send-error.ts';

export interface ClientAnswerDeps {
  readonly clock: Clock;
  readonly request: ExchangeRequest;
  readonly row: ExchangeRow;
  /** Bytes of the body that were relayed so far. */
  readonly relayedBytes: () => number;
  /** The client has its answer. */
  readonly close: () => void;
}

/** How a request ends before its upstream does. */
export interface BrokenOff {
  readonly status: number;
  readonly atFault: AtFault;
  readonly error: string;
  readonly rule: string;
}

/** How a request ends for its client: with what was relayed, the last real answer that was held, or an error of ours. */
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

  /** Tells how an attempt ended; false when it was only kept, since another attempt may answer better. */
  tell(ending: Ending, judgement: Judgement, run: AttemptRun): boolean {
    const { row } = this.#deps;
    const { record } = this.#deps.request;
    switch (ending.kind) {
      case 'answered':
        record.keyId = judgement.verdict === 'success' ? run.target.key.id : null;
        row.blame(judgement);
        if (ending.usage !== null) record.tokens = ending.usage.tokens;
        this.#settle(run.awaitsRow);
        return true;
      case 'refused-streaming':
        record.status = ending.answer.status;
        row.blame(judgement);
        this.#settle();
        return true;
      case 'refused':
      case 'empty':
      case 'error-event':
        this.#refused = { answer: ending.answer, judgement };
        return false;
      case 'failed':
        if (ending.committed) {
          record.tokens = run.tokensSoFar ?? record.tokens;
          row.blame(judgement);
          this.cut(judgement.message);
        } else {
          this.#failure = { code: failureCode(ending), judgement };
        }
        return ending.committed;
    }
  }

  /** Sends what was kept; false when nothing was. */
  sendLast(): boolean {
    if (this.sendRefused()) return true;
    if (this.#failure === undefined) return false;
    const { code, judgement } = this.#failure;
    this.sendError(code, 'upstream', { detail: judgement.message });
    return true;
  }

  /** There is nothing to try: sends what was kept, or says so; true when it was the latter. */
  sendNone(step: Exclude<Step, { kind: 'attempt' }>): boolean {
    if (step.kind === 'refused') this.sendError(step.code, 'client');
    else if (this.sendLast()) return false;
    else if (step.kind === 'no-upstream') this.sendError('no_upstream', 'gateway');
    else {
      const seconds = String(Math.ceil(step.waitMs / 1_000));
      this.sendError('no_key', 'gateway', { headers: ['retry-after', seconds] });
    }
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
    this.#settle();
    res.sendDate = false;
    res.writeHead(
      answer.status,
      answer.statusText,
      withCors(answer.headers.forwarded, extraHeaders),
    );
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
    this.#settle();
    sendGatewayError(res, group.channel, code, {
      requestId: record.requestId,
      headers: [...(more.headers ?? []), ...extraHeaders],
    });
    this.#deps.close();
  }

  /** The request ends before an upstream's answer did; nobody is judged for it. */
  breakOff(end: BrokenOff, run: AttemptRun | undefined): void {
    const { row } = this.#deps;
    if (row.settled) return;
    const { record } = this.#deps.request;
    const { status, atFault, error, rule } = end;
    run?.stopRelay();
    Object.assign(record, { status, atFault, error, tokens: run?.tokensSoFar ?? record.tokens });
    row.attemptEnded(null, 'client', rule);
    this.#settle();
  }

  /** The answer cannot be completed: the client must see that, so its connection is cut. */
  cut(error: string): void {
    const { res, record } = this.#deps.request;
    record.error ??= error;
    record.atFault ??= 'upstream';
    this.#settle();
    res.destroy();
    this.#deps.close();
  }

  /** Writes the log row; tells `awaits` when it is on disk. */
  #settle(awaits?: AwaitsRow): void {
    this.#deps.row.settle(this.#committed ? this.#deps.relayedBytes() : 0, awaits);
  }
}
