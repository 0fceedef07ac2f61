import type { Clock, Logger } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import type { RingKey } from '../key-ring/key-pool.ts';
import type { LiveStandardGroup, LiveUpstream } from '../live-config/live-group.ts';
import type { Judgement } from '../outcome/judgement.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { Attempt } from '../upstream/attempt.ts';
import { chooseTarget, type Target } from '../upstream/choose-target.ts';
import type { Bounded, Deadlines } from '../upstream/deadlines.ts';
import type { Dispatchers } from '../upstream/dispatchers.ts';
import { backoffMs } from './backoff.ts';
import { type Ending, failureCode, type HeldAnswer, statusOf } from './ending.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import { ExchangeRow } from './exchange-row.ts';
import { type GatewayErrorCode, gatewayErrors } from './gateway-error.ts';
import { judgeEnding } from './judge-ending.ts';
import { Relay, type RelayListener } from './relay.ts';
import { prepareRequest, type Prepared } from './prepare-request.ts';
import { sendGatewayError } from './send-error.ts';
import { createUsageReader } from './usage-reader.ts';
import type { Verdicts } from './verdicts.ts';

export interface ExchangeDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly vault: Vault;
  readonly outbox: Outbox;
  readonly metrics: GatewayMetrics;
  readonly deadlines: Deadlines;
  readonly dispatchers: Dispatchers;
  readonly verdicts: Verdicts;
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
  readonly #triedKeys: RingKey[] = [];
  readonly #triedUpstreams: LiveUpstream[] = [];
  readonly #prepared = new Map<LiveStandardGroup, Prepared>();
  #attempt: Attempt | undefined;
  #relay: Relay | undefined;
  #target: Target | undefined;
  #attempts = 0;
  #otherUpstream = false;
  #lastAnswer: { answer: HeldAnswer; judgement: Judgement } | undefined;
  #lastFailure: { code: GatewayErrorCode; judgement: Judgement } | undefined;
  #retry: NodeJS.Timeout | undefined;
  #committed = false;
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
  }

  start(): void {
    this.#deps.deadlines.add(this);
    this.#next();
  }

  /** The client's connection closed; before the answer was whole it means that the client left. */
  clientClosed(): void {
    if (this.#closed) return;
    if (!this.#row.settled) {
      this.#relay?.stop();
      const { record } = this.#request;
      record.status = 499;
      record.atFault = 'client';
      record.error = 'the client went away';
      const found = this.#relay?.usageSoFar();
      if (found) record.tokens = found.tokens;
      this.#row.attemptEnded(null, 'client', 'client-gone');
      this.#settle();
    }
    this.#attempt?.abandon('the client went away');
    this.#close();
  }

  /** Keymux stops and cannot wait any longer. */
  interrupt(): void {
    if (this.#closed) return;
    if (!this.#row.settled) {
      this.#relay?.stop();
      const { record } = this.#request;
      record.atFault = 'gateway';
      record.error = 'Keymux stopped';
      if (!this.#committed) record.status = gatewayErrors.draining.status;
      this.#row.attemptEnded(null, 'client', 'stopped');
      this.#settle();
    }
    this.#attempt?.abandon('Keymux stopped');
    this.#request.res.destroy();
    this.#close();
  }

  overdue(nowMs: number): void {
    if (nowMs < this.#requestDeadlineMs) {
      // Blocked: the client takes nothing.
      this.#request.res.destroy();
      return;
    }
    this.#attempt?.abandon('request_timeout');
    this.#relay?.stop();
    if (!this.#row.settled) this.#row.attemptEnded(null, 'upstream', 'request-timeout');
    if (this.#committed) this.#cut('request_timeout');
    else if (this.#lastAnswer !== undefined) this.#sendLastAnswer();
    else this.#sendError('request_timeout', 'gateway');
  }

  committed(status: number): void {
    const { record } = this.#request;
    this.#committed = true;
    record.status = status;
    record.ttfbMs = this.#deps.clock.now() - record.startMs;
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
    const target = this.#target;
    if (target === undefined || this.#row.settled) return;
    const { record } = this.#request;
    const nowMs = this.#deps.clock.now();
    const judgement = judgeEnding(ending, {
      channel: target.group.channel,
      method: record.method,
      path: this.#request.path,
      model: record.modelSent,
      errorRules: target.group.errorRules,
      sent: this.#attempt?.sent ?? false,
      random: this.#deps.random(),
      nowMs,
    });
    this.#row.attemptEnded(statusOf(ending), judgement.verdict, judgement.rule);
    this.#deps.verdicts.apply(judgement, target, {
      status: statusOf(ending),
      model: record.modelSent,
      requestId: record.requestId,
      nowMs,
    });
    switch (ending.kind) {
      case 'answered':
        record.keyId = judgement.verdict === 'success' ? target.key.id : null;
        this.#row.blame(judgement);
        if (ending.usage !== null) record.tokens = ending.usage.tokens;
        this.#settle();
        return;
      case 'refused-streaming':
        record.status = ending.answer.status;
        this.#row.blame(judgement);
        this.#settle();
        return;
      case 'refused':
      case 'empty':
      case 'error-event':
        this.#lastAnswer = { answer: ending.answer, judgement };
        if (ending.kind === 'error-event') this.#attempt?.abandon('error event');
        this.#retryOrEnd(judgement);
        return;
      case 'failed':
        if (ending.committed) {
          const found = this.#relay?.usageSoFar();
          if (found) record.tokens = found.tokens;
          this.#row.blame(judgement);
          this.#cut(judgement.message);
          return;
        }
        this.#lastFailure = { code: failureCode(ending), judgement };
        this.#retryOrEnd(judgement);
        return;
    }
  }

  #next(): void {
    if (this.#row.settled || this.#closed) return;
    const { group } = this.#request;
    const nowMs = this.#deps.clock.now();
    const choice = chooseTarget(group, {
      tried: { keys: this.#triedKeys, upstreams: this.#triedUpstreams },
      modelOf: (each) => this.#prepare(each).model,
      otherUpstream: this.#otherUpstream,
      nowMs,
    });
    if (choice.kind !== 'target') {
      if (this.#lastAnswer !== undefined || this.#lastFailure !== undefined) {
        this.#sendLast();
      } else if (choice.kind === 'no-upstream') {
        this.#sendError('no_upstream', 'gateway');
      } else {
        const waitMs = Math.max(1_000, (choice.soonestMs ?? nowMs + 60_000) - nowMs);
        this.#sendError('no_key', 'gateway', ['retry-after', String(Math.ceil(waitMs / 1_000))]);
      }
      return;
    }
    const { target } = choice;
    const prepared = this.#prepare(target.group);
    if (prepared.refused !== null) {
      this.#sendError(prepared.refused, 'client');
      return;
    }
    if (!this.#triedKeys.includes(target.key)) this.#triedKeys.push(target.key);
    this.#triedUpstreams.push(target.upstream);
    this.#row.attemptStarts(target, prepared.model, nowMs);
    this.#send(target, prepared, nowMs);
  }

  #send(target: Target, prepared: Prepared, nowMs: number): void {
    const { req, res, record, headers, path, query, streaming, extraHeaders } = this.#request;
    const { group, key, upstream } = target;
    const { channel, settings } = group;
    const timeouts = streaming
      ? settings
      : {
          ...settings,
          responseHeaderTimeoutMs: Math.min(
            settings.responseHeaderTimeoutMs,
            settings.requestTimeoutMs,
          ),
        };
    this.#target = target;
    this.#attempts += 1;
    upstream.health.chosen(nowMs);
    const relay = new Relay({
      res,
      requestId: record.requestId,
      extraHeaders,
      listener: this,
      usageReader: (answer) => createUsageReader(channel.name, answer),
      contentExpected: req.method === 'POST' && channel.inference('POST', path),
      resume: () => this.#attempt?.resume(),
    });
    const attempt = new Attempt({
      listener: relay,
      timeouts,
      deadlines: this.#deps.deadlines,
      now: () => this.#deps.clock.now(),
    });
    this.#relay = relay;
    this.#attempt = attempt;
    try {
      key.secret ??= this.#deps.vault.open(key.sealed);
      attempt.start({
        dispatcher: this.#deps.dispatchers.of(upstream, settings),
        origin: upstream.origin,
        method: req.method ?? 'GET',
        path: upstream.basePath + prepared.path + query,
        headers: [
          ...prepared.headers,
          ...channel.credentialHeaders(key.secret, prepared.path, headers.names),
        ],
        body: prepared.open(),
      });
      if (this.#attempts === 1) {
        this.#deps.metrics.overhead((this.#deps.clock.now() - record.startMs) / 1_000);
      }
    } catch (error) {
      attempt.abandon('malformed');
      this.#deps.log.warn({ err: error, request_id: record.requestId }, 'a request cannot be sent');
      this.#sendError('bad_request', 'client');
    }
  }

  #prepare(group: LiveStandardGroup): Prepared {
    let prepared = this.#prepared.get(group);
    if (prepared === undefined) {
      prepared = prepareRequest(group, this.#request);
      this.#prepared.set(group, prepared);
    }
    return prepared;
  }

  #retryOrEnd(judgement: Judgement): void {
    const { group, body } = this.#request;
    const over =
      judgement.retry === 'no' ||
      this.#attempts > group.settings.maxRetries ||
      !body.replayable ||
      this.#deps.clock.now() >= this.#requestDeadlineMs;
    if (over) {
      this.#sendLast();
      return;
    }
    this.#otherUpstream = judgement.retry === 'other-upstream';
    const upstreams = this.#target?.group.upstreams.length ?? 1;
    const sameAgain =
      upstreams === 1 && (judgement.at_fault === 'upstream' || judgement.rule === 'rate-limit');
    if (!sameAgain) {
      this.#next();
      return;
    }
    const waitMs = backoffMs(this.#attempts, this.#deps.random());
    this.#retry = setTimeout(() => this.#next(), waitMs);
  }

  #sendLast(): void {
    if (this.#lastAnswer !== undefined) this.#sendLastAnswer();
    else if (this.#lastFailure !== undefined) {
      this.#sendError(this.#lastFailure.code, 'upstream', [], this.#lastFailure.judgement.message);
    }
  }

  #sendLastAnswer(): void {
    if (this.#lastAnswer === undefined || this.#row.settled) return;
    const { res, record, extraHeaders } = this.#request;
    const { answer, judgement } = this.#lastAnswer;
    this.committed(answer.status);
    this.#row.blame(judgement);
    record.upstreamRequestId = answer.headers.upstreamRequestId;
    this.#settle();
    res.sendDate = false;
    res.writeHead(answer.status, answer.statusText, [...answer.headers.forwarded, ...extraHeaders]);
    for (const chunk of answer.chunks) res.write(chunk);
    res.end();
    this.#close();
  }

  #sendError(
    code: GatewayErrorCode,
    atFault: 'client' | 'gateway' | 'upstream',
    headers: readonly string[] = [],
    detail?: string,
  ): void {
    if (this.#row.settled) return;
    const { res, record, group, extraHeaders } = this.#request;
    const { status, message } = gatewayErrors[code];
    this.committed(status);
    record.atFault = atFault;
    record.error = detail === undefined ? message : `${message} ${detail}`;
    this.#settle();
    sendGatewayError(res, group.channel, code, {
      requestId: record.requestId,
      headers: [...headers, ...extraHeaders],
    });
    this.#close();
  }

  /** The answer cannot be completed: the client must see that, so its connection is cut. */
  #cut(error: string): void {
    const { res, record } = this.#request;
    record.error ??= error;
    record.atFault ??= 'upstream';
    this.#settle();
    res.destroy();
    this.#close();
  }

  #settle(): void {
    this.#row.settle(this.#committed ? (this.#relay?.receivedBytes ?? 0) : 0);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#deps.deadlines.remove(this);
    this.#request.body.close();
    this.#done();
  }
}
