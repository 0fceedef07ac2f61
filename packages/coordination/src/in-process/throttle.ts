import type { Throttle, ThrottlePolicy } from '../throttle.ts';

/** Those who guessed wrong that are remembered at most. */
const maxGuessers = 10_000;

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

/** A throttle within one process; remembers 10,000 guessers at most. `now` is a clock that never goes back, ms. */
export function createInProcessThrottle({
  policy,
  now = () => performance.now(),
}: {
  readonly policy: ThrottlePolicy;
  readonly now?: () => number;
}): Throttle {
  const failures = new Map<string, Failures>();
  let all = { sinceMs: Number.NEGATIVE_INFINITY, count: 0 };

  function waitMs(who: string, nowMs: number): number {
    const own = failures.get(who);
    const ownMs = own === undefined ? 0 : own.lastMs + pauseMs(policy, own.count) - nowMs;
    const allMs = all.count < policy.freeTriesOfAll ? 0 : all.sinceMs + policy.windowMs - nowMs;
    return Math.max(0, Math.ceil(ownMs), Math.ceil(allMs));
  }

  function failed(who: string, nowMs: number): void {
    const before = failures.get(who);
    const count = before === undefined || isOver(before, nowMs) ? 1 : before.count + 1;
    // Put in anew, so that the map is ordered by the last failure.
    failures.delete(who);
    for (const oldest of failures.keys()) {
      if (failures.size < maxGuessers) break;
      failures.delete(oldest);
    }
    failures.set(who, { count, lastMs: nowMs });
    if (nowMs - all.sinceMs >= policy.windowMs) all = { sinceMs: nowMs, count: 0 };
    all.count += 1;
  }

  // Who was made to wait is remembered for longer than the longest wait.
  function isOver({ count, lastMs }: Failures, nowMs: number): boolean {
    return nowMs - lastMs > (count < policy.freeTries ? policy.windowMs : policy.longestWaitMs);
  }

  return {
    tried: (who, result) => {
      const nowMs = now();
      const mustWaitMs = waitMs(who, nowMs);
      if (mustWaitMs > 0) return Promise.resolve(mustWaitMs);
      if (result === 'right') failures.delete(who);
      else failed(who, nowMs);
      return Promise.resolve(0);
    },
  } satisfies Throttle;
}

function pauseMs({ freeTries, firstWaitMs, longestWaitMs }: ThrottlePolicy, count: number): number {
  return count < freeTries ? 0 : Math.min(firstWaitMs * 2 ** (count - freeTries), longestWaitMs);
}
