import type { Logger } from '@keymux/service';
import type { Lease, Leases } from './leases.ts';

/** How long a holder that died keeps others waiting, ms; tried again three times as often. */
const leaseMs = 10_000;

export interface LeaseHolderDeps {
  readonly leases: Leases;
  readonly name: string;
  readonly log: Logger;
  readonly ttlMs?: number;
  /** Told that this instance has the lease; the signal is aborted when it has it no longer. */
  readonly gained: (lost: AbortSignal) => void;
}

/**
 * Wants one lease as long as it runs. It counts as lost when its time is over by this process's own clock, whether
 * or not anybody could be asked: two holders at one time are worse than none.
 */
export class LeaseHolder {
  readonly #deps: LeaseHolderDeps;
  readonly #ttlMs: number;
  #held: { lease: Lease; readonly lost: AbortController } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;
  #told = false;

  constructor(deps: LeaseHolderDeps) {
    this.#deps = deps;
    this.#ttlMs = deps.ttlMs ?? leaseMs;
  }

  get held(): boolean {
    return this.#held !== undefined;
  }

  start(): void {
    this.#looking = this.#look();
  }

  /** Gives the lease back, when its own work has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    const held = this.#held;
    this.#lose();
    if (held === undefined) return;
    await this.#deps.leases.release(held.lease).catch((error: unknown) => {
      this.#deps.log.warn({ err: error, lease: held.lease.name }, 'a lease ends by itself');
    });
  }

  async #look(): Promise<void> {
    const { leases, name, log } = this.#deps;
    const askedMs = performance.now();
    try {
      if (this.#held === undefined) {
        const lease = await leases.acquire(name, this.#ttlMs);
        if (lease !== null) this.#gain(lease, askedMs);
      } else if (await leases.renew(this.#held.lease, this.#ttlMs)) {
        this.#hold(askedMs);
      } else {
        log.warn({ lease: name }, 'a lease went to another instance');
        this.#lose();
      }
      this.#told = false;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!this.#told) log.warn({ why, lease: name }, 'a lease cannot be asked for');
      this.#told = true;
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
    }, this.#ttlMs / 3);
  }

  #gain(lease: Lease, askedMs: number): void {
    const lost = new AbortController();
    this.#held = { lease, lost };
    this.#hold(askedMs);
    if (!this.#stopped) this.#deps.gained(lost.signal);
  }

  #hold(askedMs: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#lose(), askedMs + this.#ttlMs - performance.now());
  }

  #lose(): void {
    clearTimeout(this.#deadline);
    this.#held?.lost.abort();
    this.#held = undefined;
  }
}
