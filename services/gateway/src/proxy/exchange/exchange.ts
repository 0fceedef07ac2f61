import type { Logger } from '@keymux/service';
import type { KeyLimits } from '../../limits/key-limits.ts';
import type { Seat } from '../../seats.ts';
import type { Bounded } from '../../upstream/deadlines.ts';
import { AttemptPlan, type Step } from './attempt-plan.ts';
import { AttemptRun, type AttemptRunDeps } from './attempt-run.ts';
import { type BrokenOff, ClientAnswer } from './client-answer.ts';
import { type Ending, statusOf } from '../relay/ending.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import { ExchangeRow } from '../row/exchange-row.ts';
import { gatewayErrors } from '../gateway-error/gateway-error.ts';
import type { RelayListener } from '../relay/relay-listener.ts';
import type { RowDeps } from '../row/write-row.ts';
import type { ResponseHeaders } from '../headers/response-headers.ts';
import type { Verdicts } from './verdicts.ts';

export interface ExchangeDeps extends RowDeps, AttemptRunDeps {
  readonly log: Logger;
  readonly verdicts: Verdicts;
  readonly limits: KeyLimits;
  /** Longest time a client may take nothing of what is sent to it, ms. */
  readonly writeTimeoutMs: number;
}

/** The way of one request from its first attempt to its log row. */
export class Exchange implements RelayListener, Bounded {
  deadlineMs: number;
  readonly #deps: ExchangeDeps;
  readonly #request: ExchangeRequest;
  readonly #done: () => void;
  readonly #row: ExchangeRow;
  readonly #requestDeadlineMs: number;
  readonly #plan: AttemptPlan;
  readonly #answer: ClientAnswer;
  /** The newest attempt. */
  #run: AttemptRun | undefined;
  #retry: NodeJS.Timeout | undefined;
  #seat: Seat<Bounded> | undefined;
  #closed = false;

  constructor(deps: ExchangeDeps, request: ExchangeRequest, done: () => void) {
    this.#deps = deps;
    this.#request = request;
    this.#done = done;
    this.#row = new ExchangeRow(deps, request.record);
    this.#requestDeadlineMs = request.streaming
      ? Number.POSITIVE_INFINITY
      : request.record.startMs + request.group.settings.requestTimeoutMs;
    this.deadlineMs = this.#requestDeadlineMs;
    this.#plan = new AttemptPlan(request, this.#requestDeadlineMs, deps.limits);
    this.#answer = new ClientAnswer({
      clock: deps.clock,
      request,
      row: this.#row,
      relayedBytes: () => this.#run?.receivedBytes ?? 0,
      close: () => this.#close(),
    });
  }

  start(): void {
    this.#seat = this.#deps.deadlines.add(this);
    this.#next();
  }

  /** The client's connection closed; before the answer was whole it means that the client left. */
  clientClosed(): void {
    if (this.#closed) return;
    const error = 'the client went away';
    this.#breakOff({ status: 499, atFault: 'client', error, rule: 'client-gone' });
    this.#close();
  }

  /** Keymux stops and cannot wait any longer. */
  interrupt(): void {
    if (this.#closed) return;
    const { res, record } = this.#request;
    const status = this.#answer.committed ? record.status : gatewayErrors.draining.status;
    this.#breakOff({ status, atFault: 'gateway', error: 'Keymux stopped', rule: 'stopped' });
    res.destroy();
    this.#close();
  }

  overdue(nowMs: number): void {
    if (this.#closed) return;
    if (nowMs < this.#requestDeadlineMs) {
      // Blocked: the client takes nothing.
      this.#request.res.destroy();
      return;
    }
    this.#run?.abandon();
    this.#run?.stopRelay();
    if (!this.#row.settled) this.#row.attemptEnded(null, 'upstream', 'request-timeout');
    if (this.#answer.committed) this.#answer.cut('request_timeout');
    else if (!this.#answer.sendRefused()) this.#answer.sendError('request_timeout', 'gateway');
  }

  answers(headers: ResponseHeaders): void {
    this.#run?.answers(headers);
  }

  committed(status: number): void {
    this.#answer.commit(status);
  }

  blocked(blocked: boolean): void {
    const nowMs = this.#deps.clock.now();
    this.deadlineMs = blocked
      ? Math.min(this.#requestDeadlineMs, nowMs + this.#deps.writeTimeoutMs)
      : this.#requestDeadlineMs;
  }

  finished(): void {
    this.#close();
  }

  ended(ending: Ending): void {
    const run = this.#run;
    run?.answered();
    if (run === undefined || this.#row.settled) return;
    const { clock, random, verdicts } = this.#deps;
    const { target, number } = run;
    const status = statusOf(ending);
    const judged = run.judge(ending, clock.now());
    const { judgement } = judged;
    const { requestId } = this.#request.record;
    this.#row.attemptEnded(status, judgement.verdict, judgement.rule);
    verdicts.apply(judged, target, { status, number, requestId });
    if (this.#answer.tell(ending, judgement, run)) return;
    if (ending.kind === 'error-event') run.abandon();
    run.release();
    const again = this.#plan.after(judgement, { target, nowMs: clock.now(), random });
    if (again.kind === 'over') this.#answer.sendLast();
    else if (again.waitMs === 0) this.#next();
    else this.#retry = setTimeout(() => this.#next(), again.waitMs);
  }

  #next(): void {
    if (this.#row.settled || this.#closed) return;
    const step = this.#plan.next(this.#deps.clock);
    if (!(step instanceof Promise)) {
      this.#take(step);
      return;
    }
    step.then(
      (chosen) => this.#take(chosen),
      (error: unknown) => {
        const { record } = this.#request;
        this.#deps.log.error({ err: error, request_id: record.requestId }, 'no step was chosen');
        this.#answer.sendError('internal_error', 'gateway');
      },
    );
  }

  #take(step: Step): void {
    if (this.#row.settled || this.#closed) {
      // The client left, or the time was over, while the limits were asked.
      if (step.kind === 'attempt') step.permit?.end();
      return;
    }
    if (step.kind === 'attempt') this.#send(step);
    else if (this.#answer.sendNone(step) && step.kind === 'no-key') {
      this.#deps.verdicts.noKey(this.#request.record, this.#deps.clock.now());
    }
  }

  #send(step: Extract<Step, { kind: 'attempt' }>): void {
    const { record } = this.#request;
    const { clock, log, metrics } = this.#deps;
    const { attempts: number } = this.#plan;
    const nowMs = clock.now();
    this.#row.attemptStarts(step.target, step.prepared.model, nowMs);
    step.target.upstream.health.chosen(nowMs);
    const { target, prepared, permit } = step;
    const plan = { target, prepared, permit, number, listener: this };
    const run = new AttemptRun(this.#deps, this.#request, plan);
    this.#run = run;
    try {
      run.send();
      if (number === 1) metrics.overhead((clock.now() - record.startMs) / 1_000);
    } catch (error) {
      run.abandon();
      log.warn({ err: error, request_id: record.requestId }, 'a request cannot be sent');
      this.#answer.sendError('bad_request', 'client');
    }
  }

  #breakOff(end: BrokenOff): void {
    this.#answer.breakOff(end, this.#run);
    this.#run?.abandon();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#run?.release();
    if (this.#seat !== undefined) this.#deps.deadlines.remove(this.#seat);
    this.#request.body.close();
    this.#done();
  }
}
