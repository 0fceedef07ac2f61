const usualWindowMs = 10_000;
/** Longer than the longest time that an upstream is out, so that its trial requests are held too. */
const trippedMs = 120_000;
const maxUpstreams = 1_000;
const maxKinds = 16;
/** Keys that are remembered to have failed during an alarm. */
const maxSuspects = 1_000;
const maxDoublings = 7;
/** So long a false alarm is remembered. */
const lessonMs = 3_600_000;

/** When a mass failure is one. */
export interface GuardRules {
  /** In which so many keys fail alike; 10 s. */
  readonly windowMs?: number;
  /** So many keys; {@link keysToTrip} of the pool. */
  readonly keys?: number;
}

/** A verdict that is about to fall on a key. */
export interface GuardedFailure {
  /** Names the upstream within its pool: the same address may serve several. */
  readonly upstream: string;
  readonly keyId: string;
  /** `alike` of the judgement. */
  readonly alike: string;
  /** The model that the verdict is about; null when it is about the whole key. */
  readonly model: string | null;
  /** Keys of the pool that were usable. */
  readonly poolSize: number;
  readonly nowMs: number;
}

export type GuardAnswer =
  /** The verdict falls. */
  | { readonly kind: 'let' }
  /** The upstream is to blame already: no verdict on the key. */
  | { readonly kind: 'held' }
  /** This failure makes it a mass failure: no verdict, and those of these keys are taken back. */
  | { readonly kind: 'tripped'; readonly keyIds: readonly string[]; readonly sinceMs: number };

/** What succeeded, where that is known. */
export interface GuardedSuccess {
  readonly keyId: string;
  readonly model: string | null;
  readonly nowMs: number;
}

interface Alike {
  readonly model: string | null;
  /** When each key failed, oldest first; never more than it takes to trip. */
  readonly failedAtMs: Map<string, number>;
  lastMs: number;
  trippedMs: number | null;
  /** Keys that failed in the alarm that is on. */
  readonly suspects: Set<string>;
  /** Usable keys when these failures began: those that failed may be out by now. */
  poolSize: number;
  /** Alarms that were false, in a row; each doubles what the next takes. */
  doublings: number;
  learntMs: number;
}

/**
 * Tells a bad key from a bad upstream. When several keys of a pool fail alike within 10 s at one
 * upstream while none succeeds there, the address or the upstream is to blame.
 *
 * Guarded is what a key is punished for: 401, 403, quota, and a 429 that does not say when it ends
 * (a ban of the address looks like that). A 429 with a reset is a limit that many keys of a busy
 * pool rightly meet together. Refusals for one model are alike only for that model. Pools of one
 * or two keys have nothing to compare.
 *
 * Where most keys of a pool are bad, many fail in a row though the upstream serves. An alarm was
 * false when a key that did not fail in it succeeds; the next one takes twice as many keys.
 */
export class MassFailureGuard {
  readonly #upstreams = new Map<string, Map<string, Alike>>();
  readonly #windowMs: number;
  readonly #keys: number | undefined;

  constructor(rules: GuardRules = {}) {
    this.#windowMs = rules.windowMs ?? usualWindowMs;
    this.#keys = rules.keys;
  }

  observe(failure: GuardedFailure): GuardAnswer {
    const { keyId, poolSize, nowMs } = failure;
    const alike = this.#alike(failure);
    if (alike.trippedMs !== null) {
      if (nowMs - alike.lastMs <= trippedMs) {
        alike.lastMs = nowMs;
        if (alike.suspects.size < maxSuspects) alike.suspects.add(keyId);
        return { kind: 'held' };
      }
      endAlarm(alike);
    }
    alike.lastMs = nowMs;
    if (nowMs - alike.learntMs > lessonMs) alike.doublings = 0;
    const times = 2 ** alike.doublings;
    const { failedAtMs } = alike;
    failedAtMs.delete(keyId);
    for (const [each, atMs] of failedAtMs) {
      if (nowMs - atMs <= this.#windowMs * times) break;
      failedAtMs.delete(each);
    }
    alike.poolSize = failedAtMs.size === 0 ? poolSize : Math.max(poolSize, alike.poolSize);
    failedAtMs.set(keyId, nowMs);
    if (alike.poolSize < 3) return { kind: 'let' };
    // When not one key of the pool is left that works, no alarm is false.
    const least = this.#keys ?? keysToTrip(alike.poolSize);
    const takes = Math.min(least * times, Math.max(least, alike.poolSize));
    if (failedAtMs.size < takes) return { kind: 'let' };
    const keyIds = [...failedAtMs.keys()];
    const sinceMs = failedAtMs.values().next().value ?? nowMs;
    failedAtMs.clear();
    for (const each of keyIds) alike.suspects.add(each);
    alike.trippedMs = nowMs;
    return { kind: 'tripped', keyIds, sinceMs };
  }

  /** Some key succeeded at the upstream: it serves, whatever other keys meet there. */
  success(upstream: string, which?: GuardedSuccess): void {
    if (this.#upstreams.size === 0) return;
    const kinds = this.#upstreams.get(upstream);
    if (kinds === undefined) return;
    for (const [name, alike] of kinds) {
      learn(alike, which);
      if (alike.doublings === 0) kinds.delete(name);
      else endAlarm(alike);
    }
    if (kinds.size === 0) this.#upstreams.delete(upstream);
  }

  #alike({ upstream, alike: name, model, nowMs }: GuardedFailure): Alike {
    let kinds = this.#upstreams.get(upstream);
    if (kinds === undefined) {
      kinds = new Map();
      makeRoom(this.#upstreams, maxUpstreams);
      this.#upstreams.set(upstream, kinds);
    }
    let alike = kinds.get(name);
    if (alike === undefined) {
      alike = {
        model,
        failedAtMs: new Map(),
        lastMs: nowMs,
        trippedMs: null,
        suspects: new Set(),
        poolSize: 0,
        doublings: 0,
        learntMs: nowMs,
      };
      makeRoom(kinds, maxKinds);
      kinds.set(name, alike);
    }
    return alike;
  }
}

/** What a success says of the alarm before it; one for another model says nothing. */
function learn(alike: Alike, which: GuardedSuccess | undefined): void {
  if (alike.trippedMs === null || which === undefined) return;
  if (alike.model !== null && alike.model !== which.model) return;
  if (alike.suspects.has(which.keyId) || alike.suspects.size >= maxSuspects) {
    alike.doublings = 0;
    return;
  }
  alike.doublings = Math.min(alike.doublings + 1, maxDoublings);
  alike.learntMs = which.nowMs;
}

function endAlarm(alike: Alike): void {
  alike.failedAtMs.clear();
  alike.suspects.clear();
  alike.trippedMs = null;
}

/** A fifth of the pool, but 3 at least and 5 at most. */
export function keysToTrip(poolSize: number): number {
  return Math.min(5, Math.max(3, Math.ceil(poolSize / 5)));
}

function makeRoom(map: Map<string, unknown>, limit: number): void {
  if (map.size < limit) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
