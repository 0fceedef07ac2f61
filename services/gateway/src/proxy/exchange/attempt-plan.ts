import type { RingKey } from '../../key-ring/ring-key.ts';
import type { LiveGroup, LiveStandardGroup, LiveUpstream } from '../../live-config/live-group.ts';
import type { Judgement } from '@keymux/outcome';
import type { Clock } from '@keymux/service';
import type { KeyLimits, Permit, PermittedChoice } from '../../limits/key-limits.ts';
import { type ChoiceRequest, hasFreshMember, type Target } from '../../upstream/choose-target.ts';
import { backoffMs } from './backoff.ts';
import type { GatewayErrorCode } from '../gateway-error/gateway-error.ts';
import {
  prepareRequest,
  type Prepared,
  type UnpreparedRequest,
} from '../prepare/prepare-request.ts';

/** What is to be attempted. */
export interface PlannedRequest extends UnpreparedRequest {
  readonly group: LiveGroup;
}

/** What a request does next. */
export type Step =
  | {
      readonly kind: 'attempt';
      readonly target: Target;
      readonly prepared: Prepared;
      /** Ends with the attempt. */
      readonly permit: Permit | undefined;
    }
  | { readonly kind: 'refused'; readonly code: GatewayErrorCode }
  | { readonly kind: 'no-upstream' }
  | { readonly kind: 'no-key'; readonly waitMs: number };

/** Whether another attempt follows a failed one, and after how long, in ms. */
export type Again = { readonly kind: 'over' } | { readonly kind: 'again'; readonly waitMs: number };

/** Which attempts one request makes: no key twice, another upstream where there is one. */
export class AttemptPlan {
  readonly #request: PlannedRequest;
  readonly #requestDeadlineMs: number;
  readonly #limits: KeyLimits;
  readonly #triedKeys: RingKey[] = [];
  readonly #triedUpstreams: LiveUpstream[] = [];
  readonly #prepared = new Map<LiveStandardGroup, Prepared>();
  #attempts = 0;
  #otherUpstream = false;

  constructor(request: PlannedRequest, requestDeadlineMs: number, limits: KeyLimits) {
    this.#request = request;
    this.#requestDeadlineMs = requestDeadlineMs;
    this.#limits = limits;
  }

  /** Attempts made so far. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Chooses the next attempt and counts it; a promise only where keys have limits. */
  next(clock: Clock): Step | Promise<Step> {
    const nowMs = clock.now();
    const choice = this.#limits.choose(this.#request.group, this.#asks(nowMs));
    return choice instanceof Promise
      ? choice.then((permitted) => this.#step(permitted, clock.now()))
      : this.#step(choice, nowMs);
  }

  #step(choice: PermittedChoice, nowMs: number): Step {
    if (choice.kind === 'no-upstream') return { kind: 'no-upstream' };
    if (choice.kind !== 'target') {
      const soonestMs = choice.soonestMs ?? nowMs + 60_000;
      return { kind: 'no-key', waitMs: Math.max(1_000, soonestMs - nowMs) };
    }
    const { target, permit } = choice;
    const prepared = this.#prepare(target.group);
    if (prepared.refused !== null) {
      permit?.end();
      return { kind: 'refused', code: prepared.refused };
    }
    if (!this.#triedKeys.includes(target.key)) this.#triedKeys.push(target.key);
    this.#triedUpstreams.push(target.upstream);
    this.#attempts += 1;
    return { kind: 'attempt', target, prepared, permit };
  }

  /** Decides what follows an attempt at `target` that was judged so. */
  after(
    judgement: Judgement,
    { target, nowMs, random }: { target: Target; nowMs: number; random: () => number },
  ): Again {
    const { group, body } = this.#request;
    const over =
      judgement.retry === 'no' ||
      this.#attempts > group.settings.maxRetries ||
      !body.replayable ||
      nowMs >= this.#requestDeadlineMs;
    if (over) return { kind: 'over' };
    this.#otherUpstream = judgement.retry === 'other-upstream';
    const sameAgain =
      target.group.upstreams.length === 1 &&
      (judgement.at_fault === 'upstream' || judgement.rule === 'rate-limit') &&
      !(this.#otherUpstream && hasFreshMember(group, this.#asks(nowMs)));
    return { kind: 'again', waitMs: sameAgain ? backoffMs(this.#attempts, random()) : 0 };
  }

  #asks(nowMs: number): ChoiceRequest {
    return {
      tried: { keys: this.#triedKeys, upstreams: this.#triedUpstreams },
      modelOf: (each) => this.#prepare(each).model,
      serves: (each) => this.#prepare(each).refused === null,
      otherUpstream: this.#otherUpstream,
      nowMs,
    };
  }

  #prepare(group: LiveStandardGroup): Prepared {
    let prepared = this.#prepared.get(group);
    if (prepared === undefined) {
      prepared = prepareRequest(group, this.#request);
      this.#prepared.set(group, prepared);
    }
    return prepared;
  }
}
