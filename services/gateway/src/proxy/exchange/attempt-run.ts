import { cameTo, type Clock } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { Headroom } from '../../headroom/headroom.ts';
import type { Permit } from '../../limits/key-limits.ts';
import type { AwaitsRow } from '../../outbox/outbox.ts';
import { Attempt, type AttemptRequest } from '../../upstream/attempt.ts';
import type { Target } from '../../upstream/choose-target.ts';
import type { Deadlines } from '../../upstream/deadlines.ts';
import type { Dispatchers } from '../../upstream/dispatchers.ts';
import type { Ending } from '../relay/ending.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import { type JudgedEnding, judgeEnding } from './judge-ending.ts';
import type { LogRecord } from '../row/log-record.ts';
import type { Prepared } from '../prepare/prepare-request.ts';
import { Relay, type RelayDeps } from '../relay/relay.ts';
import type { RelayListener } from '../relay/relay-listener.ts';
import type { ResponseHeaders } from '../headers/response-headers.ts';
import { uploadProtocolHeader, withUploadAddress } from '../relay/upload-address.ts';
import { createUsageReader } from '../relay/usage-reader.ts';

export interface AttemptRunDeps {
  readonly clock: Clock;
  readonly vault: Vault;
  readonly deadlines: Deadlines;
  readonly dispatchers: Dispatchers;
  readonly headroom: Headroom;
  readonly random: () => number;
}

/** Which attempt of its request it is, and to whom. */
export interface AttemptRunPlan {
  readonly target: Target;
  readonly prepared: Prepared;
  /** Ends with the attempt. */
  readonly permit: Permit | undefined;
  /** Among the attempts of its request, from 1. */
  readonly number: number;
}

/** One attempt on its way: what goes out to its target, what it holds of the key, and what brings the answer to the client. */
export class AttemptRun {
  readonly target: Target;
  readonly number: number;
  readonly #deps: AttemptRunDeps;
  readonly #request: ExchangeRequest;
  readonly #prepared: Prepared;
  readonly #permit: Permit | undefined;
  readonly #relay: Relay;
  readonly #attempt: Attempt;
  #awaitsAnswer = true;

  constructor(
    deps: AttemptRunDeps,
    request: ExchangeRequest,
    plan: AttemptRunPlan & { readonly listener: RelayListener },
  ) {
    const { target, prepared } = plan;
    const { channel, settings } = target.group;
    const { req, res, record, extraHeaders, path } = request;
    this.target = target;
    this.number = plan.number;
    this.#deps = deps;
    this.#request = request;
    this.#prepared = prepared;
    this.#permit = plan.permit;
    this.#relay = new Relay({
      res,
      requestId: record.requestId,
      extraHeaders,
      listener: plan.listener,
      usageReader: (answer) => createUsageReader(channel.name, answer),
      ...this.#translation(),
      contentExpected: req.method === 'POST' && channel.inference('POST', path),
      resume: () => this.#attempt.resume(),
    });
    this.#attempt = new Attempt({
      listener: this.#relay,
      timeouts: settings,
      deadlines: deps.deadlines,
      now: () => deps.clock.now(),
    });
    deps.headroom.asked(target, prepared.model);
  }

  /** Sends the request with the key; throws when it is malformed. */
  send(): void {
    const { key } = this.target;
    this.#attempt.start(this.#attemptRequest(key.open(this.#deps.vault.open)));
  }

  /** The upstream answers: its headers are there. */
  answers({ rateLimits, upstreamRequestId }: ResponseHeaders): void {
    this.answered();
    this.#request.record.upstreamRequestId = upstreamRequestId;
    if (rateLimits.length === 0) return;
    this.#deps.headroom.answered(this.target, this.#request.record.modelSent, rateLimits);
  }

  /** The key's answer is there, or will never come. */
  answered(): void {
    if (!this.#awaitsAnswer) return;
    this.#awaitsAnswer = false;
    this.target.key.unanswered -= 1;
  }

  /** Judges how it ended. */
  judge(ending: Ending, nowMs: number): JudgedEnding {
    const { record, path } = this.#request;
    const { group } = this.target;
    const { wasSent: sent } = this.#attempt;
    return judgeEnding(ending, { group, record, path, sent, random: this.#deps.random(), nowMs });
  }

  /** Gives back what it holds of the key. */
  release(): void {
    this.#permit?.end();
    this.answered();
  }

  /** Nothing more goes to the client. */
  stopRelay(): void {
    this.#relay.stop();
  }

  /** Ends it and frees its connection at once. */
  abandon(): void {
    this.#attempt.abandon();
  }

  /** Who waits for the row of its answer. */
  get awaitsRow(): AwaitsRow {
    return this.#relay.awaitsRow;
  }

  /** Bytes of the answer's body that came so far. */
  get receivedBytes(): number {
    return this.#relay.receivedBytes;
  }

  /** Tokens that the answer told of so far; null when it told none. */
  get tokensSoFar(): LogRecord['tokens'] | null {
    return this.#relay.usageSoFar()?.tokens ?? null;
  }

  #translation(): Pick<RelayDeps, 'translate'> {
    const { req, group, headers } = this.#request;
    const origin = headers.names.has(uploadProtocolHeader) ? cameTo(req) : null;
    if (origin === null) return {};
    const { upstream } = this.target;
    return {
      translate: (raw) => withUploadAddress(raw, upstream, `${origin}/proxy/${group.name}`),
    };
  }

  #attemptRequest(secret: string): AttemptRequest {
    const { req, query, headers } = this.#request;
    const { upstream, group } = this.target;
    const { path, headers: prepared, open } = this.#prepared;
    return {
      dispatcher: this.#deps.dispatchers.of(upstream, group.settings),
      method: req.method ?? 'GET',
      path: upstream.basePath + path + query,
      headers: prepared.concat(group.channel.credentialHeaders(secret, path, headers.names)),
      body: open(),
    };
  }
}
