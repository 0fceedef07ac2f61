import type { RecordedAttempt } from '@keymux/contracts';
import { type MassFailureGuard, recordAttempt } from '@keymux/outcome';
import { scrubText } from '@keymux/service';
import type { Outbox } from '../../outbox/outbox.ts';
import type { Target } from '../../upstream/choose-target.ts';
import type { JudgedEnding } from './judge-ending.ts';

/** Longest message of an outcome, in characters. */
const maxMessageLength = 500;
/** Most upstreams whose last failure is remembered. */
const maxFailing = 1_000;

/** The attempt that a judgement is about. */
export interface JudgedAttempt {
  readonly status: number | null;
  /** Among the attempts of its request, from 1. */
  readonly number: number;
  readonly requestId: string;
}

interface SeenAttempt extends JudgedAttempt {
  /** Keys of the pool that were usable when it ended. */
  readonly usableKeys: number;
}

/** Carries out judgements: in this gateway's pool at once, and for everybody through the outbox. */
export class Verdicts {
  readonly #guard: MassFailureGuard;
  readonly #outbox: Outbox;
  /** Upstreams at which nothing succeeded since their last failure. */
  readonly #failing = new Set<string>();

  constructor(deps: { guard: MassFailureGuard; outbox: Outbox }) {
    this.#guard = deps.guard;
    this.#outbox = deps.outbox;
  }

  apply(judged: JudgedEnding, target: Target, attempt: JudgedAttempt): void {
    const { judgement } = judged;
    const { key, upstream, group } = target;
    const { nowMs } = judged.context;
    const place = `${group.name} ${upstream.url}`;
    const seen = (): SeenAttempt => ({ ...attempt, usableKeys: group.pool.usableCount });
    switch (judgement.verdict) {
      case 'success':
        upstream.health.success();
        this.#guard.success(place, { keyId: key.id, model: judged.context.model, nowMs });
        if (this.#failing.size > 0) this.#failing.delete(place);
        if (key.streak > 0) group.pool.release(key, nowMs);
        return;
      case 'upstream':
        if (judgement.scope === 'upstream-model' && judgement.cooldown?.model) {
          upstream.health.overloaded(judgement.cooldown.model, judgement.cooldown.untilMs);
        } else {
          upstream.health.failure(nowMs);
        }
        this.#note(judged, target, seen(), { held: false, place });
        return;
      case 'count':
      case 'blacklist':
      case 'cooldown':
        this.#guarded(judged, target, seen(), place);
        return;
      case 'pass':
      case 'retry':
        // An answer, if only to say no: the upstream serves.
        upstream.health.success();
        if (judgement.rule !== 'redirect') {
          this.#note(judged, target, seen(), { held: false, place });
        }
        return;
      case 'client':
        return;
    }
  }

  /** A request found no usable key at its first attempt. */
  noKey(
    record: { group: string; modelSent: string | null; requestId: string },
    nowMs: number,
  ): void {
    this.#outbox.outcome(record.group, {
      kind: 'no-key',
      at: new Date(nowMs).toISOString(),
      model: record.modelSent,
      request_id: record.requestId,
    });
  }

  /** Lets a verdict fall, unless the upstream is to blame instead of the key. */
  #guarded(judged: JudgedEnding, target: Target, attempt: SeenAttempt, place: string): void {
    const { judgement, context } = judged;
    const { key, upstream, group } = target;
    const { nowMs } = context;
    const answer =
      judgement.alike === null
        ? ({ kind: 'let' } as const)
        : this.#guard.observe({
            upstream: place,
            keyId: key.id,
            alike: judgement.alike,
            model: judgement.scope === 'key-model' ? context.model : null,
            poolSize: attempt.usableKeys,
            nowMs,
          });
    if (answer.kind === 'let') {
      this.#fall(judged, target, attempt, place);
      return;
    }
    upstream.health.trip(nowMs);
    this.#note(judged, target, attempt, { held: true, place });
    if (answer.kind === 'held') return;
    for (const id of answer.keyIds) {
      const each = group.pool.get(id);
      if (each !== undefined) group.pool.release(each, nowMs);
    }
    this.#outbox.outcome(group.name, {
      kind: 'guard',
      at: new Date(nowMs).toISOString(),
      upstream: upstream.url,
      rule: judgement.rule,
      status: attempt.status,
      key_ids: [...answer.keyIds],
      since: new Date(answer.sinceMs).toISOString(),
    });
  }

  #fall(judged: JudgedEnding, target: Target, attempt: SeenAttempt, place: string): void {
    const { verdict, cooldown } = judged.judgement;
    if (verdict !== 'count' && verdict !== 'blacklist' && verdict !== 'cooldown') return;
    const { key, group } = target;
    const { nowMs, model } = judged.context;
    const threshold = group.settings.blacklistThreshold;
    if (verdict === 'cooldown' && cooldown !== null) {
      group.pool.cool(key, cooldown.model, cooldown.untilMs, nowMs);
    } else if (verdict === 'blacklist' && threshold > 0) {
      group.pool.hold(key, nowMs);
    } else {
      group.pool.fail(key, threshold, nowMs);
    }
    this.#outbox.outcome(group.name, {
      kind: 'failure',
      verdict,
      model: verdict === 'cooldown' && cooldown !== null ? cooldown.model : model,
      ...this.#facts(judged, target, attempt, place),
    });
  }

  // What no key is blamed for is kept too: other rules might have blamed one.
  #note(
    judged: JudgedEnding,
    target: Target,
    attempt: SeenAttempt,
    { held, place }: { readonly held: boolean; readonly place: string },
  ): void {
    const { verdict } = judged.judgement;
    const facts = this.#facts(judged, target, attempt, place);
    this.#outbox.outcome(target.group.name, { kind: 'noted', verdict, held, ...facts });
  }

  #facts(judged: JudgedEnding, { key, upstream }: Target, attempt: SeenAttempt, place: string) {
    const { judgement, outcome, context } = judged;
    const { secret, masked } = key;
    const clean = (text: string): string =>
      scrubText(secret === undefined ? text : text.replaceAll(secret, masked));
    const { cooldown, rule, message } = judgement;
    const recorded: RecordedAttempt = {
      ...recordAttempt(outcome, context, clean),
      number: attempt.number,
      retry: judgement.retry,
      alike: judgement.alike,
      pool_size: attempt.usableKeys,
      after_success: this.#firstSinceSuccess(place),
    };
    return {
      key_id: key.id,
      at: new Date(context.nowMs).toISOString(),
      rule,
      status: attempt.status,
      message: clean(message).slice(0, maxMessageLength),
      upstream: upstream.url,
      until: cooldown === null ? null : new Date(cooldown.untilMs).toISOString(),
      request_id: attempt.requestId,
      attempt: recorded,
    };
  }

  #firstSinceSuccess(place: string): boolean {
    if (this.#failing.has(place)) return false;
    // Forgetting only makes the next failure look like the first one.
    if (this.#failing.size >= maxFailing) this.#failing.clear();
    this.#failing.add(place);
    return true;
  }
}
