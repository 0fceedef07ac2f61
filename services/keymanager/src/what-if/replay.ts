import type { KeyFailure, KeyOutcome, RecordedAttempt } from '@keymux/contracts';
import { judgeAgain, MassFailureGuard } from '@keymux/outcome';
import type { KeyCommand, KeyFact } from '../key/command.ts';
import { decide } from '../key/decide.ts';
import { evolve } from '../key/evolve.ts';
import type { KeyState } from '../key/state.ts';
import { type HeardOutcomes, versionOf } from '../outcome-archive/outcome-archive.ts';
import type { ReplayPolicy } from './policy.ts';
import type { StartingKey } from './starting-keys.ts';
import { UsableKeys } from './usable-keys.ts';

/** What a policy did, or would have done. */
export interface ReplayReport {
  readonly blacklisted: number;
  readonly cooled: number;
  readonly failures: number;
  readonly requestsWithoutKey: number;
  readonly requestsFailedOver: number;
  readonly withoutKeyMs: number;
  readonly usable: readonly { readonly atMs: number; readonly usable: number }[];
  /** The worst that was decided of each key, and when first. */
  readonly verdicts: ReadonlyMap<string, KeyVerdict>;
}

export interface KeyVerdict {
  readonly verdict: 'blacklisted' | 'cooled';
  readonly atMs: number;
}

interface ReplayedKey {
  state: KeyState;
  /** How many of its changes from outside were applied. */
  applied: number;
  readonly key: StartingKey;
}

/** That a key's change from outside, which is the nth of it, takes effect. */
interface OutsideOfKey {
  readonly atMs: number;
  readonly id: string;
  readonly at: number;
}

/** Changes from outside of all keys, by time. */
export function outsideOf(keys: ReadonlyMap<string, StartingKey>): OutsideOfKey[] {
  const all: OutsideOfKey[] = [];
  for (const [id, { changes }] of keys) {
    for (const [at, { atMs }] of changes.entries()) all.push({ atMs, id, at });
  }
  return all.toSorted((a, b) => a.atMs - b.atMs);
}

type Failed = Extract<KeyOutcome, { kind: 'failure' | 'noted' }>;

/** What a failure means under the replayed policy. */
interface Meaning {
  readonly verdict: string;
  readonly rule: string;
  readonly message: string;
  readonly model: string | null;
  readonly until: string | null;
  readonly retry: RecordedAttempt['retry'];
  readonly alike: string | null;
}

/** Decides on recorded outcomes anew, with the functions that decide live. Does no I/O. */
export class Replay {
  readonly #policy: ReplayPolicy;
  readonly #keys = new Map<string, ReplayedKey>();
  readonly #usable: UsableKeys;
  readonly #guards = new Map<string, MassFailureGuard>();
  readonly #outside: readonly OutsideOfKey[];
  readonly #made: (id: string, fact: KeyFact) => void;
  readonly #verdicts = new Map<string, KeyVerdict>();
  #outsideAt = 0;
  #blacklisted = 0;
  #cooled = 0;
  #failures = 0;
  #withoutKey = 0;
  #failedOver = 0;

  constructor(start: {
    readonly policy: ReplayPolicy;
    readonly outside: readonly OutsideOfKey[];
    readonly usable: UsableKeys;
    /** Is told each fact that the replay makes. */
    readonly made?: (id: string, fact: KeyFact) => void;
  }) {
    this.#policy = start.policy;
    this.#outside = start.outside;
    this.#usable = start.usable;
    this.#made = start.made ?? (() => undefined);
  }

  /** Takes in a key as it is found, before anything is heard. */
  begin(id: string, key: StartingKey): void {
    this.#keys.set(id, { state: key.state, applied: 0, key });
    this.#usable.changed(id, key.state);
  }

  hear(heard: HeardOutcomes): void {
    this.#advance(heard.heardMs);
    for (const [at, outcome] of heard.outcomes.entries()) {
      const version = heard.versions[at];
      if (outcome.kind === 'guard') {
        for (const [n, id] of outcome.key_ids.entries()) this.#catchUp(id, versionOf(version, n));
      } else if (outcome.kind !== 'no-key') {
        this.#catchUp(outcome.key_id, versionOf(version));
      }
      this.#hearOne(outcome, heard);
    }
  }

  end(toMs: number): ReplayReport {
    this.#advance(toMs);
    const { withoutMs, samples } = this.#usable.history;
    return {
      blacklisted: this.#blacklisted,
      cooled: this.#cooled,
      failures: this.#failures,
      requestsWithoutKey: this.#withoutKey,
      requestsFailedOver: this.#failedOver,
      withoutKeyMs: withoutMs,
      usable: samples,
      verdicts: this.#verdicts,
    };
  }

  #hearOne(outcome: KeyOutcome, heard: HeardOutcomes): void {
    const nowMs = heard.heardMs;
    this.#usable.asked();
    switch (outcome.kind) {
      case 'success':
        if (!this.#usable.has(null)) this.#withoutKey += outcome.count;
        this.#apply(outcome.key_id, { kind: 'hear-success', outcome, nowMs });
        return;
      case 'no-key':
        if (!this.#usable.has(outcome.model)) this.#withoutKey += 1;
        return;
      case 'guard':
        if (this.#guardsAnew) return;
        for (const id of new Set(outcome.key_ids)) {
          this.#apply(id, { kind: 'hear-guard', outcome, nowMs });
        }
        return;
      case 'failure':
      case 'noted':
        this.#hearFailure(outcome, heard);
        return;
      default:
        outcome satisfies never;
    }
  }

  #hearFailure(outcome: Failed, heard: HeardOutcomes): void {
    const means = this.#meaningOf(outcome);
    const { attempt } = outcome;
    if (attempt !== undefined && attempt.number === 1) {
      if (!this.#usable.has(attempt.model)) this.#withoutKey += 1;
      if (means.retry !== 'no' && (this.#policy.maxRetries ?? 1) > 0) this.#failedOver += 1;
    }
    const { verdict } = means;
    if (verdict !== 'count' && verdict !== 'blacklist' && verdict !== 'cooldown') return;
    if (this.#held(outcome, means, heard)) return;
    const { key_id, at, status, upstream, request_id } = outcome;
    const { rule, message, model, until } = means;
    const failure: KeyFailure = {
      kind: 'failure',
      key_id,
      at,
      verdict,
      rule,
      status,
      message,
      upstream,
      model,
      until,
      request_id,
    };
    const threshold = this.#policy.threshold ?? heard.threshold;
    this.#apply(key_id, {
      kind: 'hear-failure',
      outcome: failure,
      threshold,
      nowMs: heard.heardMs,
    });
  }

  #meaningOf(outcome: Failed): Meaning {
    const { verdict, rule, message, until, status, attempt } = outcome;
    const { errorRules, usualRestMs } = this.#policy;
    const model = outcome.kind === 'failure' ? outcome.model : (attempt?.model ?? null);
    if (attempt === undefined) {
      return { verdict, rule, message, model, until, retry: 'no', alike: null };
    }
    const { retry, alike } = attempt;
    const unhinted = verdict === 'cooldown' && rule === 'rate-limit' && attempt.hint_ms === null;
    if (errorRules === null && (usualRestMs === null || !unhinted)) {
      return { verdict, rule, message, model, until, retry, alike };
    }
    const judged = judgeAgain(
      attempt,
      { status, nowMs: Date.parse(outcome.at) },
      { errorRules: errorRules ?? [], ...(usualRestMs === null ? {} : { usualRestMs }) },
    );
    const { cooldown } = judged;
    return {
      verdict: judged.verdict,
      rule: judged.rule,
      message: judged.message,
      model: cooldown === null ? attempt.model : cooldown.model,
      until: cooldown === null ? null : new Date(cooldown.untilMs).toISOString(),
      retry: judged.retry,
      alike: judged.alike,
    };
  }

  get #guardsAnew(): boolean {
    return this.#policy.guard !== null || this.#policy.errorRules !== null;
  }

  /** Whether the guard keeps a verdict from falling; when it trips, it takes back those before. */
  #held(outcome: Failed, { alike, rule, verdict, model }: Meaning, heard: HeardOutcomes): boolean {
    const { guard } = this.#policy;
    if (!this.#guardsAnew) return outcome.kind === 'noted' && outcome.held;
    const { attempt, upstream, key_id, status, at } = outcome;
    if (guard === 'off' || alike === null || attempt === undefined) return false;
    let own = this.#guards.get(heard.producer);
    if (own === undefined) {
      own = new MassFailureGuard(guard ?? {});
      this.#guards.set(heard.producer, own);
    }
    const nowMs = Date.parse(at);
    // Which key succeeded is not recorded: one of those that do.
    if (attempt.after_success) own.success(upstream, { keyId: '', model: attempt.model, nowMs });
    const answer = own.observe({
      upstream,
      keyId: key_id,
      alike,
      model: verdict === 'cooldown' ? model : null,
      poolSize: attempt.pool_size,
      nowMs,
    });
    if (answer.kind === 'tripped') {
      const since = new Date(answer.sinceMs).toISOString();
      const key_ids = [...answer.keyIds];
      const tripped = { kind: 'guard', at, upstream, rule, status, key_ids, since } as const;
      for (const id of key_ids) {
        this.#apply(id, { kind: 'hear-guard', outcome: tripped, nowMs: heard.heardMs });
      }
    }
    return answer.kind !== 'let';
  }

  #apply(id: string, command: KeyCommand): void {
    const key = this.#keys.get(id);
    if (key === undefined) return;
    for (const fact of decide(key.state, command)) {
      this.#evolve(id, key, fact);
      this.#count(id, fact);
      this.#made(id, fact);
    }
  }

  #count(id: string, { type, atMs }: KeyFact): void {
    const known = this.#verdicts.get(id);
    if (type === 'KeyFailed') this.#failures += 1;
    if (type === 'KeyBlacklisted') {
      this.#blacklisted += 1;
      if (known?.verdict !== 'blacklisted')
        this.#verdicts.set(id, { verdict: 'blacklisted', atMs });
    }
    if (type === 'KeyCooled') {
      this.#cooled += 1;
      if (known === undefined) this.#verdicts.set(id, { verdict: 'cooled', atMs });
    }
  }

  #evolve(id: string, key: ReplayedKey, fact: KeyFact): void {
    key.state = evolve(key.state, fact);
    this.#usable.changed(id, key.state);
  }

  // What people and probes did before a moment, in the order of time.
  #advance(toMs: number): void {
    for (;;) {
      const next = this.#outside[this.#outsideAt];
      if (next === undefined || next.atMs >= toMs) break;
      this.#outsideAt += 1;
      this.#usable.advance(next.atMs);
      const key = this.#keys.get(next.id);
      if (key !== undefined && next.at >= key.applied)
        this.#applyOutside(next.id, key, next.at + 1);
    }
    this.#usable.advance(toMs);
  }

  // What happened to a key before an outcome of it was heard, though in the same millisecond.
  #catchUp(id: string, version: number): void {
    const key = this.#keys.get(id);
    if (key === undefined) return;
    const { changes } = key.key;
    let count = key.applied;
    while ((changes[count]?.version ?? Number.POSITIVE_INFINITY) <= version) count += 1;
    if (count > key.applied) this.#applyOutside(id, key, count);
  }

  #applyOutside(id: string, key: ReplayedKey, count: number): void {
    for (const { fact } of key.key.changes.slice(key.applied, count)) this.#evolve(id, key, fact);
    key.applied = count;
  }
}
