import { scrubText } from '@keymux/service';
import type { Judgement, MassFailureGuard } from '@keymux/outcome';
import type { Outbox } from '../outbox/outbox.ts';
import type { Target } from '../upstream/choose-target.ts';

/** Longest message of an outcome, in characters. */
const maxMessageLength = 500;

/** The attempt that a judgement is about. */
export interface JudgedAttempt {
  readonly status: number | null;
  readonly model: string | null;
  readonly requestId: string;
  readonly nowMs: number;
}

/** Carries out judgements: in this gateway's pool at once, and for everybody through the outbox. */
export class Verdicts {
  readonly #guard: MassFailureGuard;
  readonly #outbox: Outbox;

  constructor(deps: { guard: MassFailureGuard; outbox: Outbox }) {
    this.#guard = deps.guard;
    this.#outbox = deps.outbox;
  }

  apply(judgement: Judgement, target: Target, attempt: JudgedAttempt): void {
    const { key, upstream, group } = target;
    const { nowMs } = attempt;
    const place = `${group.name} ${upstream.url}`;
    switch (judgement.verdict) {
      case 'success':
        upstream.health.success();
        this.#guard.success(place);
        if (key.streak > 0) group.pool.release(key, nowMs);
        return;
      case 'upstream':
        if (judgement.scope === 'upstream-model' && judgement.cooldown?.model) {
          upstream.health.overloaded(judgement.cooldown.model, judgement.cooldown.untilMs);
        } else {
          upstream.health.failure(nowMs);
        }
        return;
      case 'count':
      case 'blacklist':
      case 'cooldown':
        if (this.#guarded(judgement, target, attempt, place)) return;
        this.#fall(judgement, target, attempt);
        return;
      case 'pass':
      case 'retry':
        // An answer, if only to say no: the upstream serves.
        upstream.health.success();
        return;
      case 'client':
        return;
    }
  }

  /** True when the upstream is to blame instead of the key. */
  #guarded(judgement: Judgement, target: Target, attempt: JudgedAttempt, place: string): boolean {
    if (judgement.alike === null) return false;
    const { key, upstream, group } = target;
    const { nowMs, status } = attempt;
    const answer = this.#guard.observe({
      upstream: place,
      keyId: key.id,
      alike: judgement.alike,
      poolSize: group.pool.size,
      nowMs,
    });
    if (answer.kind === 'let') return false;
    upstream.health.trip(nowMs);
    if (answer.kind === 'held') return true;
    for (const id of answer.keyIds) {
      const each = group.pool.get(id);
      if (each !== undefined) group.pool.release(each, nowMs);
    }
    this.#outbox.outcome(group.name, {
      kind: 'guard',
      at: new Date(nowMs).toISOString(),
      upstream: upstream.url,
      rule: judgement.rule,
      status,
      key_ids: [...answer.keyIds],
      since: new Date(answer.sinceMs).toISOString(),
    });
    return true;
  }

  #fall(judgement: Judgement, target: Target, attempt: JudgedAttempt): void {
    const { verdict, cooldown, rule, message } = judgement;
    if (verdict !== 'count' && verdict !== 'blacklist' && verdict !== 'cooldown') return;
    const { key, upstream, group } = target;
    const { nowMs, status, model, requestId } = attempt;
    const threshold = group.settings.blacklistThreshold;
    if (verdict === 'cooldown' && cooldown !== null) {
      group.pool.cool(key, cooldown.model, cooldown.untilMs, nowMs);
    } else if (verdict === 'blacklist' && threshold > 0) {
      group.pool.hold(key, nowMs);
    } else {
      group.pool.fail(key, threshold, nowMs);
    }
    const secret = key.secret;
    const clean = secret === undefined ? message : message.replaceAll(secret, key.masked);
    this.#outbox.outcome(group.name, {
      kind: 'failure',
      key_id: key.id,
      at: new Date(nowMs).toISOString(),
      verdict,
      rule,
      status,
      message: scrubText(clean).slice(0, maxMessageLength),
      upstream: upstream.url,
      model: verdict === 'cooldown' && cooldown !== null ? cooldown.model : model,
      until: cooldown === null ? null : new Date(cooldown.untilMs).toISOString(),
      request_id: requestId,
    });
  }
}
