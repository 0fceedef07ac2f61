import type { Duplex } from 'node:stream';
import type { Clock } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { Permit } from '../../limits/key-limits.ts';
import { Attempt, type AttemptListener } from '../../upstream/attempt.ts';
import type { AttemptFailure } from '../../upstream/attempt-failure.ts';
import type { Target } from '../../upstream/choose-target.ts';
import type { Deadlines } from '../../upstream/deadlines.ts';
import type { Dispatchers } from '../../upstream/dispatchers.ts';
import { AnswerSoFar } from '../relay/answer-so-far.ts';
import type { Ending } from '../relay/ending.ts';
import { type JudgedEnding, judgeEnding } from '../exchange/judge-ending.ts';
import type { Prepared } from '../prepare/prepare-request.ts';
import type { UpgradeFailure } from './upgrade-answer.ts';
import type { UpgradeRequest } from './upgrade-request.ts';

/** Longest refusal that is held, in bytes. */
const maxHeldBytes = 1024 * 1024;

export interface UpgradeAttemptDeps {
  readonly clock: Clock;
  readonly vault: Vault;
  readonly deadlines: Deadlines;
  readonly dispatchers: Dispatchers;
  readonly random: () => number;
}

/** What an attempt tells its upgrade: one of the two, once. */
export interface UpgradeListener {
  /** The upstream speaks the protocol: its connection is there. */
  upgraded(status: number, rawHeaders: readonly string[], upstream: Duplex): void;
  ended(ending: UpgradeFailure): void;
}

/** One attempt to upgrade; an answer that is none is held whole, since another attempt may bring a better one. */
export class UpgradeAttempt implements AttemptListener {
  readonly target: Target;
  readonly #deps: UpgradeAttemptDeps;
  readonly #request: UpgradeRequest;
  readonly #prepared: Prepared;
  readonly #permit: Permit | undefined;
  readonly #listener: UpgradeListener;
  readonly #attempt: Attempt;
  readonly #answer: AnswerSoFar;

  constructor(
    deps: UpgradeAttemptDeps,
    request: UpgradeRequest,
    plan: {
      readonly target: Target;
      readonly prepared: Prepared;
      /** Ends with the attempt. */
      readonly permit: Permit | undefined;
      readonly listener: UpgradeListener;
    },
  ) {
    const { clock, deadlines } = deps;
    this.target = plan.target;
    this.#deps = deps;
    this.#request = request;
    this.#prepared = plan.prepared;
    this.#permit = plan.permit;
    this.#listener = plan.listener;
    this.#answer = new AnswerSoFar(request.record.requestId);
    const timeouts = plan.target.group.settings;
    this.#attempt = new Attempt({ timeouts, deadlines, now: () => clock.now(), listener: this });
  }

  /** Asks the target, with its key, to speak the protocol; throws when the request is malformed. */
  send(): void {
    const { vault, dispatchers } = this.#deps;
    const { upstream, group, key } = this.target;
    const { path, headers } = this.#prepared;
    const secret = key.open(vault.open);
    this.#attempt.start({
      dispatcher: dispatchers.of(upstream, group.settings),
      method: 'GET',
      path: upstream.basePath + path + this.#request.query,
      headers: [
        ...headers,
        ...group.channel.credentialHeaders(secret, path, this.#request.headers.names),
      ],
      body: null,
      upgrade: this.#request.client.protocol,
    });
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
  }

  abandon(): void {
    this.#attempt.abandon();
  }

  headers(status: number, statusText: string, raw: readonly string[]): void {
    this.#answer.begin(status, statusText, raw);
  }

  data(chunk: Buffer): boolean {
    this.#answer.hold(chunk);
    if (this.#answer.heldBytes > maxHeldBytes) {
      this.#attempt.abandon();
      const message = `an answer of more than ${maxHeldBytes} bytes to an upgrade`;
      this.failed({ kind: 'invalid-response', message });
    }
    return true;
  }

  end(): void {
    const { status } = this.#answer;
    if (status === 0) return;
    const answer = this.#answer.held();
    this.#listener.ended({ kind: 'refused', answer, text: this.#answer.text() });
  }

  failed(failure: AttemptFailure): void {
    this.#listener.ended({ kind: 'failed', failure, committed: false });
  }

  upgraded(status: number, raw: readonly string[], upstream: Duplex): void {
    this.#listener.upgraded(status, raw, upstream);
  }
}
