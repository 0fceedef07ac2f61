const usualWindowMs = 10_000;
/** Longer than the longest time that an upstream is out, so that its trial requests are held too. */
const trippedMs = 120_000;
const maxUpstreams = 1_000;
const maxKinds = 16;

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
  /** Keys of the pool. */
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

interface Alike {
  /** When each key failed, oldest first; never more than it takes to trip. */
  readonly failedAtMs: Map<string, number>;
  lastMs: number;
  trippedMs: number | null;
}

/**
 * Tells a bad key from a bad upstream. When several keys of a pool fail alike within 10 s at one
 * upstream while none succeeds there, the address or the upstream is to blame.
 *
 * Guarded is what a key is punished for: 401, 403, quota, and a 429 that does not say when it ends
 * (a ban of the address looks like that). A 429 with a reset is a limit that many keys of a busy
 * pool rightly meet together. Refusals for one model are alike only for that model. Pools of one
 * or two keys have nothing to compare.
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
    if (poolSize < 3) return { kind: 'let' };
    const alike = this.#alike(failure);
    if (alike.trippedMs !== null) {
      if (nowMs - alike.lastMs <= trippedMs) {
        alike.lastMs = nowMs;
        return { kind: 'held' };
      }
      alike.trippedMs = null;
    }
    alike.lastMs = nowMs;
    const { failedAtMs } = alike;
    failedAtMs.delete(keyId);
    for (const [each, atMs] of failedAtMs) {
      if (nowMs - atMs <= this.#windowMs) break;
      failedAtMs.delete(each);
    }
    failedAtMs.set(keyId, nowMs);
    if (failedAtMs.size < (this.#keys ?? keysToTrip(poolSize))) return { kind: 'let' };
    const keyIds = [...failedAtMs.keys()];
    const sinceMs = failedAtMs.values().next().value ?? nowMs;
    failedAtMs.clear();
    alike.trippedMs = nowMs;
    return { kind: 'tripped', keyIds, sinceMs };
  }

  /** Some key succeeded at the upstream: it serves, whatever other keys meet there. */
  success(upstream: string): void {
    if (this.#upstreams.size > 0) this.#upstreams.delete(upstream);
  }

  #alike({ upstream, alike: name, nowMs }: GuardedFailure): Alike {
    let kinds = this.#upstreams.get(upstream);
    if (kinds === undefined) {
      kinds = new Map();
      makeRoom(this.#upstreams, maxUpstreams);
      this.#upstreams.set(upstream, kinds);
    }
    let alike = kinds.get(name);
    if (alike === undefined) {
      alike = { failedAtMs: new Map(), lastMs: nowMs, trippedMs: null };
      makeRoom(kinds, maxKinds);
      kinds.set(name, alike);
    }
    return alike;
  }
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
