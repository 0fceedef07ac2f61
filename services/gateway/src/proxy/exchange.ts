import type { Logger } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { Headroom } from '../headroom/headroom.ts';
import type { RingKey } from '../key-ring/ring-key.ts';
import type { KeyLimits, Permit } from '../limits/key-limits.ts';
import type { Judgement } from '@keymux/outcome';
import type { Seat } from '../seats.ts';
import type { Attempt } from '../upstream/attempt.ts';
import type { Target } from '../upstream/choose-target.ts';
import type { Bounded, Deadlines } from '../upstream/deadlines.ts';
import type { Dispatchers } from '../upstream/dispatchers.ts';
import { AttemptPlan, type Step } from './attempt-plan.ts';
import { ClientAnswer } from './client-answer.ts';
import { type Ending, failureCode, statusOf } from './ending.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import { ExchangeRow } from './exchange-row.ts';
import { gatewayErrors } from './gateway-error.ts';
import { judgeEnding } from './judge-ending.ts';
import type { LogRecord } from './log-record.ts';
import type { Relay } from './relay.ts';
import { attemptRequest, relayedAttempt } from './relayed-attempt.ts';
import type { RelayListener } from './relay-listener.ts';
import type { Prepared } from './prepare-request.ts';
import type { RowDeps } from './write-row.ts';
import type { ResponseHeaders } from './response-headers.ts';
import type { Verdicts } from './verdicts.ts';

export interface ExchangeDeps extends RowDeps {
  readonly log: Logger;
  readonly vault: Vault;
  readonly deadlines: Deadlines;
  readonly dispatchers: Dispatchers;
  readonly verdicts: Verdicts;
  readonly limits: KeyLimits;
  readonly headroom: Headroom;
  readonly random: () => number;
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
  #attempt: Attempt | undefined;
  #relay: Relay | undefined;
  #target: Target | undefined;
  #permit: Permit | undefined;
  /** Whose answer is awaited. */
  #asked: RingKey | undefined;
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
      relayedBytes: () => this.#relay?.receivedBytes ?? 0,
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
    const status = 499;
    this.#breakOff({ status, atFault: 'client', error: 'the client went away' }, 'client-gone');
    this.#close();
  }

  /** Keymux stops and cannot wait any longer. */
  interrupt(): void {
    if (this.#closed) return;
    const { res, record } = this.#request;
    const status = this.#answer.committed ? record.status : gatewayErrors.draining.status;
    this.#breakOff({ status, atFault: 'gateway', error: 'Keymux stopped' }, 'stopped');
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
    this.#attempt?.abandon('request_timeout');
    this.#relay?.stop();
    if (!this.#row.settled) this.#row.attemptEnded(null, 'upstream', 'request-timeout');
    if (this.#answer.committed) this.#answer.cut('request_timeout');
    else if (!this.#answer.sendRefused()) this.#answer.sendError('request_timeout', 'gateway');
  }

  answers({ rateLimits }: ResponseHeaders): void {
    this.#letGo();
    if (this.#target === undefined || rateLimits.length === 0) return;
    const model = this.#request.record.modelSent;
    this.#deps.headroom.answered(this.#target, model, rateLimits);
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
    this.#letGo();
    const target = this.#target;
    if (target === undefined || this.#row.settled) return;
    const { record } = this.#request;
    const nowMs = this.#deps.clock.now();
    const judged = judgeEnding(ending, {
      channel: target.group.channel,
      method: record.method,
      path: this.#request.path,
      model: record.modelSent,
      errorRules: target.group.errorRules,
      sent: this.#attempt?.sent ?? false,
      random: this.#deps.random(),
      nowMs,
    });
    const { judgement } = judged;
    this.#row.attemptEnded(statusOf(ending), judgement.verdict, judgement.rule);
    this.#deps.verdicts.apply(judged, target, {
      status: statusOf(ending),
      number: this.#plan.attempts,
      requestId: record.requestId,
    });
    switch (ending.kind) {
      case 'answered':
        record.keyId = judgement.verdict === 'success' ? target.key.id : null;
        this.#row.blame(judgement);
        if (ending.usage !== null) record.tokens = ending.usage.tokens;
        this.#answer.settle(this.#relay?.awaitsRow);
        return;
      case 'refused-streaming':
        record.status = ending.answer.status;
        this.#row.blame(judgement);
        this.#answer.settle();
        return;
      case 'refused':
      case 'empty':
      case 'error-event':
        this.#answer.keepRefused(ending.answer, judgement);
        if (ending.kind === 'error-event') this.#attempt?.abandon('error event');
        this.#retryOrEnd(judgement);
        return;
      case 'failed':
        if (ending.committed) {
          Object.assign(record, this.#tokensSoFar());
          this.#row.blame(judgement);
          this.#answer.cut(judgement.message);
          return;
        }
        this.#answer.keepFailure(failureCode(ending), judgement);
        this.#retryOrEnd(judgement);
        return;
    }
  }

  #next(): void {
    if (this.#row.settled || this.#closed) return;
    const nowMs = this.#deps.clock.now();
    const step = this.#plan.next(nowMs);
    if (!(step instanceof Promise)) this.#take(step, nowMs);
    else {
      step.then(
        (chosen) => this.#take(chosen, this.#deps.clock.now()),
        (error: unknown) => this.#fail(error),
      );
    }
  }

  #fail(error: unknown): void {
    const { record } = this.#request;
    this.#deps.log.error({ err: error, request_id: record.requestId }, 'no step could be chosen');
    this.#answer.sendError('internal_error', 'gateway');
  }

  #take(step: Step, nowMs: number): void {
    if (this.#row.settled || this.#closed) {
      // The client left, or the time was over, while the limits were asked.
      if (step.kind === 'attempt') step.permit?.end();
      return;
    }
    switch (step.kind) {
      case 'attempt':
        this.#permit = step.permit;
        this.#row.attemptStarts(step.target, step.prepared.model, nowMs);
        this.#send(step.target, step.prepared, nowMs);
        return;
      case 'refused':
        this.#answer.sendError(step.code, 'client');
        return;
      case 'no-upstream':
        if (!this.#answer.sendLast()) this.#answer.sendError('no_upstream', 'gateway');
        return;
      case 'no-key':
        if (this.#answer.sendLast()) return;
        this.#deps.verdicts.noKey(this.#request.record, nowMs);
        this.#answer.sendError('no_key', 'gateway', {
          headers: ['retry-after', String(Math.ceil(step.waitMs / 1_000))],
        });
        return;
    }
  }

  #send(target: Target, prepared: Prepared, nowMs: number): void {
    const { record } = this.#request;
    const { key, upstream } = target;
    const { clock, deadlines, dispatchers, headroom, vault } = this.#deps;
    this.#target = target;
    this.#asked = key;
    headroom.asked(target, prepared.model);
    upstream.health.chosen(nowMs);
    const made = relayedAttempt({ clock, deadlines, listener: this }, this.#request, target);
    this.#relay = made.relay;
    this.#attempt = made.attempt;
    try {
      key.secret ??= vault.open(key.sealed);
      const { secret } = key;
      made.attempt.start(attemptRequest(dispatchers, this.#request, { target, prepared, secret }));
      if (this.#plan.attempts === 1) {
        this.#deps.metrics.overhead((clock.now() - record.startMs) / 1_000);
      }
    } catch (error) {
      made.attempt.abandon('malformed');
      this.#deps.log.warn({ err: error, request_id: record.requestId }, 'a request cannot be sent');
      this.#answer.sendError('bad_request', 'client');
    }
  }

  /** Ends without a judgement of anybody but who is at fault. */
  #breakOff(end: Pick<LogRecord, 'status' | 'atFault'> & { error: string }, rule: string): void {
    if (!this.#row.settled) {
      this.#relay?.stop();
      Object.assign(this.#request.record, end, this.#tokensSoFar());
      this.#row.attemptEnded(null, 'client', rule);
      this.#answer.settle();
    }
    this.#attempt?.abandon(end.error);
  }

  #tokensSoFar(): Pick<LogRecord, 'tokens'> {
    return { tokens: this.#relay?.usageSoFar()?.tokens ?? this.#request.record.tokens };
  }

  #letGo(): void {
    if (this.#asked === undefined) return;
    this.#asked.unanswered -= 1;
    this.#asked = undefined;
  }

  #retryOrEnd(judgement: Judgement): void {
    this.#permit?.end();
    const { clock, random } = this.#deps;
    const again = this.#plan.after(judgement, { target: this.#target, nowMs: clock.now(), random });
    if (again.kind === 'over') this.#answer.sendLast();
    else if (again.waitMs === 0) this.#next();
    else this.#retry = setTimeout(() => this.#next(), again.waitMs);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#permit?.end();
    this.#letGo();
    if (this.#seat !== undefined) this.#deps.deadlines.remove(this.#seat);
    this.#request.body.close();
    this.#done();
  }
}
