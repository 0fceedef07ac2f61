const windowMs = 60_000;
const freeTries = 5;
const longestWaitMs = 15 * 60_000;
const maxAddresses = 10_000;

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

/** Slows down who guesses: five wrong tries a minute are free, then the wait doubles from 2 s to 15 min. */
export class LoginThrottle {
  readonly #failures = new Map<string, Failures>();

  /** How long an address must still wait, ms; 0 when it may try. */
  waitMs(address: string, nowMs: number): number {
    const failures = this.#failures.get(address);
    if (failures === undefined || failures.count < freeTries) return 0;
    const pauseMs = Math.min(2_000 * 2 ** (failures.count - freeTries), longestWaitMs);
    return Math.max(0, failures.lastMs + pauseMs - nowMs);
  }

  failed(address: string, nowMs: number): void {
    const before = this.#failures.get(address);
    const stale = before === undefined || nowMs - before.lastMs > Math.max(windowMs, longestWaitMs);
    const count =
      stale || (before.count < freeTries && nowMs - before.lastMs > windowMs)
        ? 1
        : before.count + 1;
    this.#failures.delete(address);
    if (this.#failures.size >= maxAddresses) {
      for (const oldest of this.#failures.keys()) {
        this.#failures.delete(oldest);
        break;
      }
    }
    this.#failures.set(address, { count, lastMs: nowMs });
  }

  succeeded(address: string): void {
    this.#failures.delete(address);
  }
}
