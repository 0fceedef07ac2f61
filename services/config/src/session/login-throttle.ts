import { networkOf } from './network-of.ts';

const windowMs = 60_000;
const freeTries = 5;
const firstWaitMs = 2_000;
const longestWaitMs = 15 * 60_000;
const maxNetworks = 10_000;
/** Wrong tries a minute from everywhere, after which everyone waits for the next minute. */
const freeTriesOfAll = 200;

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

/**
 * Slows down who guesses: five wrong tries a minute are free, then the wait doubles from 2 s to 15 min.
 * Many guessers together are held to 200 wrong tries a minute. Remembers 10,000 networks at most.
 */
export class LoginThrottle {
  readonly #failures = new Map<string, Failures>();
  #minute = { sinceMs: Number.NEGATIVE_INFINITY, count: 0 };

  /** How long an address must still wait, ms; 0 when it may try. */
  waitMs(address: string, nowMs: number): number {
    return Math.max(this.#ownWaitMs(networkOf(address), nowMs), this.#waitOfAllMs(nowMs));
  }

  failed(address: string, nowMs: number): void {
    const network = networkOf(address);
    const before = this.#failures.get(network);
    const count = before === undefined || isOver(before, nowMs) ? 1 : before.count + 1;
    // Put in anew, so that the map is ordered by the last failure.
    this.#failures.delete(network);
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size < maxNetworks) break;
      this.#failures.delete(oldest);
    }
    this.#failures.set(network, { count, lastMs: nowMs });
    if (nowMs - this.#minute.sinceMs >= windowMs) this.#minute = { sinceMs: nowMs, count: 0 };
    this.#minute.count += 1;
  }

  succeeded(address: string): void {
    this.#failures.delete(networkOf(address));
  }

  /** Networks that are remembered. */
  get size(): number {
    return this.#failures.size;
  }

  #ownWaitMs(network: string, nowMs: number): number {
    const failures = this.#failures.get(network);
    if (failures === undefined || failures.count < freeTries) return 0;
    const pauseMs = Math.min(firstWaitMs * 2 ** (failures.count - freeTries), longestWaitMs);
    return Math.max(0, failures.lastMs + pauseMs - nowMs);
  }

  #waitOfAllMs(nowMs: number): number {
    const { sinceMs, count } = this.#minute;
    return count < freeTriesOfAll ? 0 : Math.max(0, sinceMs + windowMs - nowMs);
  }
}

// Who was made to wait is remembered for longer than the longest wait.
function isOver({ count, lastMs }: Failures, nowMs: number): boolean {
  return nowMs - lastMs > (count < freeTries ? windowMs : longestWaitMs);
}
