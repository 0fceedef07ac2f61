import {
  type Allowance,
  type LimitTimes,
  type Refusal,
  type RunningUse,
  slotTtlMs,
  type UseAnswer,
  type UseRequest,
  windowMs,
} from '../limits.ts';

/** Names that are looked at for being forgotten, each time one is used. */
const sweptPerUse = 2;

/** What is known of one name. */
interface Account {
  /** When it was used within the window, oldest first, from `head` on; ms. */
  times: number[];
  head: number;
  /** Use → when its slot ends, ms. */
  readonly slots: Map<string, number>;
}

/**
 * Uses of names in this process, counted in a window that slides: exact, in memory that is bounded by the limits,
 * and forgotten when they are over.
 */
export class UseLedger {
  /** In the order in which they were last spoken of. */
  readonly #accounts = new Map<string, Account>();
  readonly #windowMs: number;
  readonly #slotTtlMs: number;
  readonly #now: () => number;

  constructor(options: LimitTimes & { readonly now: () => number }) {
    this.#windowMs = options.windowMs ?? windowMs;
    this.#slotTtlMs = options.slotTtlMs ?? slotTtlMs;
    this.#now = options.now;
  }

  /** Names that are remembered. */
  get size(): number {
    return this.#accounts.size;
  }

  take(request: UseRequest): UseAnswer {
    const { space, names, allowance, use } = request;
    const refused: Refusal[] = [];
    for (const name of names) {
      const refusal = this.refusal(space, name, allowance);
      if (refusal === null) {
        this.record({ space, name, use }, allowance);
        return { granted: name, refused };
      }
      refused.push(refusal);
    }
    return { granted: null, refused };
  }

  /** Why a name may not be used now; null when it may. */
  refusal(space: string, name: string, { perMinute, atOnce }: Allowance): Refusal | null {
    const account = this.#accounts.get(idOf(space, name));
    if (account === undefined) return null;
    const nowMs = this.#now();
    this.#forgetEnded(account, nowMs);
    const { times, head, slots } = account;
    if (perMinute > 0 && times.length - head >= perMinute) {
      const endMs = (times[times.length - perMinute] ?? nowMs) + this.#windowMs;
      return { name, why: 'per-minute', waitMs: Math.ceil(endMs - nowMs) };
    }
    if (atOnce > 0 && slots.size >= atOnce) return { name, why: 'at-once' };
    return null;
  }

  /** Counts a use, whatever the limits say. */
  record({ space, name, use }: RunningUse, { perMinute, atOnce }: Allowance): void {
    const nowMs = this.#now();
    const account = this.#newest(space, name);
    if (perMinute > 0) account.times.push(nowMs);
    if (atOnce > 0) account.slots.set(use, nowMs + this.#slotTtlMs);
    this.#sweep(nowMs);
  }

  keep(uses: readonly RunningUse[]): void {
    const untilMs = this.#now() + this.#slotTtlMs;
    for (const { space, name, use } of uses) this.#newest(space, name).slots.set(use, untilMs);
  }

  end({ space, name, use }: RunningUse): void {
    this.#accounts.get(idOf(space, name))?.slots.delete(use);
  }

  // Put in anew, so that the map is ordered by when an account was last spoken of.
  #newest(space: string, name: string): Account {
    const id = idOf(space, name);
    const account = this.#accounts.get(id) ?? { times: [], head: 0, slots: new Map() };
    this.#accounts.delete(id);
    this.#accounts.set(id, account);
    return account;
  }

  #forgetEnded(account: Account, nowMs: number): void {
    const { times, slots } = account;
    const oldestMs = nowMs - this.#windowMs;
    while (account.head < times.length && (times[account.head] ?? 0) <= oldestMs) account.head += 1;
    if (account.head > 1024 && account.head * 2 > times.length) {
      account.times = times.slice(account.head);
      account.head = 0;
    }
    for (const [use, untilMs] of slots) if (untilMs <= nowMs) slots.delete(use);
  }

  #sweep(nowMs: number): void {
    let left = sweptPerUse;
    for (const [id, account] of this.#accounts) {
      this.#forgetEnded(account, nowMs);
      if (account.head < account.times.length || account.slots.size > 0) return;
      this.#accounts.delete(id);
      left -= 1;
      if (left === 0) return;
    }
  }
}

const idOf = (space: string, name: string): string => `${space}\n${name}`;
