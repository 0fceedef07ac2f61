import type { Duplex } from 'node:stream';
import type { Judgement } from '@keymux/outcome';
import type { Logger } from '@keymux/service';
import type { KeyLimits } from '../../limits/key-limits.ts';
import { AttemptPlan, type Step } from '../exchange/attempt-plan.ts';
import { type Ending, statusOf } from '../relay/ending.ts';
import { ExchangeRow } from '../row/exchange-row.ts';
import { responseHead } from '../gateway-error/raw-response.ts';
import { requestIdHeader } from '../headers/response-headers.ts';
import {
  UpgradeAttempt,
  type UpgradeAttemptDeps,
  type UpgradeListener,
} from './upgrade-attempt.ts';
import { UpgradeAnswer, type UpgradeFailure } from './upgrade-answer.ts';
import type { UpgradeRequest } from './upgrade-request.ts';
import type { Verdicts } from '../exchange/verdicts.ts';
import type { RowDeps } from '../row/write-row.ts';

export interface UpgradeExchangeDeps extends RowDeps, UpgradeAttemptDeps {
  readonly log: Logger;
  readonly verdicts: Verdicts;
  readonly limits: KeyLimits;
}

/** The way of one upgrade from its first attempt to its log row; until one succeeds it is judged and tried again like any request. */
export class UpgradeExchange implements UpgradeListener {
  readonly #deps: UpgradeExchangeDeps;
  readonly #request: UpgradeRequest;
  readonly #done: () => void;
  readonly #row: ExchangeRow;
  readonly #plan: AttemptPlan;
  readonly #answer: UpgradeAnswer;
  /** The newest attempt. */
  #run: UpgradeAttempt | undefined;
  #retry: NodeJS.Timeout | undefined;
  #over = false;

  constructor(deps: UpgradeExchangeDeps, request: UpgradeRequest, done: () => void) {
    this.#deps = deps;
    this.#request = request;
    this.#done = done;
    this.#row = new ExchangeRow(deps, request.record);
    this.#plan = new AttemptPlan(request, Number.POSITIVE_INFINITY, deps.limits);
    const { client, record } = request;
    this.#answer = new UpgradeAnswer({ client, record, row: this.#row });
  }

  start(): void {
    const { socket } = this.#request.client;
    if (socket.destroyed) {
      this.#closed();
      return;
    }
    socket.once('close', () => this.#closed());
    this.#next();
  }

  upgraded(status: number, raw: readonly string[], upstream: Duplex): void {
    const { client, record } = this.#request;
    if (this.#judge({ kind: 'answered', status, usage: null }) === undefined) {
      upstream.destroy();
      return;
    }
    record.status = status;
    record.ttfbMs = this.#deps.clock.now() - record.startMs;
    const headers = [...raw, requestIdHeader, record.requestId];
    client.socket.write(responseHead(status, 'Switching Protocols', headers));
    if (client.head.length > 0) upstream.write(client.head);
    join(client.socket, upstream);
  }

  ended(ending: UpgradeFailure): void {
    const judgement = this.#judge(ending);
    const run = this.#run;
    if (judgement === undefined || run === undefined) return;
    const { clock, random } = this.#deps;
    this.#row.attemptEnded(statusOf(ending), judgement.verdict, judgement.rule);
    run.release();
    this.#answer.keep(ending, judgement);
    const { target } = run;
    const again = this.#plan.after(judgement, { target, nowMs: clock.now(), random });
    if (again.kind === 'over') {
      this.#answer.sendLast();
      this.#end();
    } else if (again.waitMs === 0) this.#next();
    else this.#retry = setTimeout(() => this.#next(), again.waitMs);
  }

  /** Judges the attempt, and lets the verdict fall; undefined when the upgrade is over. */
  #judge(ending: Ending): Judgement | undefined {
    const run = this.#run;
    if (run === undefined || this.#row.settled) return undefined;
    const { clock, verdicts } = this.#deps;
    const judged = run.judge(ending, clock.now());
    const status = statusOf(ending);
    const { requestId } = this.#request.record;
    verdicts.apply(judged, run.target, { status, number: this.#plan.attempts, requestId });
    return judged.judgement;
  }

  #next(): void {
    if (this.#row.settled) return;
    const step = this.#plan.next(this.#deps.clock);
    if (!(step instanceof Promise)) {
      this.#take(step);
      return;
    }
    step.then(
      (chosen) => this.#take(chosen),
      (error: unknown) => {
        const { requestId } = this.#request.record;
        this.#deps.log.error({ err: error, request_id: requestId }, 'no step was chosen');
        this.#answer.sendError('internal_error', { atFault: 'gateway' });
        this.#end();
      },
    );
  }

  #take(step: Step): void {
    if (this.#row.settled) {
      // The client left while the limits were asked.
      if (step.kind === 'attempt') step.permit?.end();
      return;
    }
    if (step.kind === 'attempt') {
      this.#send(step);
      return;
    }
    if (this.#answer.sendNone(step) && step.kind === 'no-key') {
      this.#deps.verdicts.noKey(this.#request.record, this.#deps.clock.now());
    }
    this.#end();
  }

  #send(step: Extract<Step, { kind: 'attempt' }>): void {
    const { requestId } = this.#request.record;
    const nowMs = this.#deps.clock.now();
    this.#row.attemptStarts(step.target, step.prepared.model, nowMs);
    step.target.upstream.health.chosen(nowMs);
    const run = new UpgradeAttempt(this.#deps, this.#request, { ...step, listener: this });
    this.#run = run;
    try {
      run.send();
    } catch (error) {
      run.abandon();
      this.#deps.log.warn({ err: error, request_id: requestId }, 'an upgrade cannot be sent');
      this.#answer.sendError('bad_request', { atFault: 'client' });
      this.#end();
    }
  }

  /** The client's connection is closed: the end of an open one, or the client left before. */
  #closed(): void {
    const { record } = this.#request;
    this.#run?.abandon();
    if (!this.#row.settled && record.status === 101) {
      record.keyId = this.#run?.target.key.id ?? null;
      this.#row.attemptEnded(101, 'success', 'upgrade');
    } else if (!this.#row.settled) {
      const end = { status: 499, atFault: 'client', error: 'the client went away' } as const;
      Object.assign(record, end);
      this.#row.attemptEnded(null, 'client', 'client-gone');
    }
    this.#row.settle(0);
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#retry);
    this.#run?.release();
    this.#done();
  }
}

/** Joins two connections: bytes and back-pressure both ways, and the end of one is the end of both. */
function join(client: Duplex, upstream: Duplex): void {
  client.pipe(upstream);
  upstream.pipe(client);
  client.once('close', () => upstream.destroy());
  upstream.once('close', () => client.destroy());
  upstream.on('error', () => client.destroy());
}
