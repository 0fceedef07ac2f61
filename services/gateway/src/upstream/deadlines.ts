import { type Seat, Seats } from '../seats.ts';

/** Something with a time by which the next thing must have happened; Infinity waits for ever. */
export interface Bounded {
  readonly deadlineMs: number;
  /** Called once the deadline is over, again at every tick until it moves. */
  overdue(nowMs: number): void;
}

/**
 * One timer for all deadlines of a worker, looked at ten times a second: a timer for each attempt
 * and phase would cost more than the attempt, and none of these times needs to be exact.
 */
export class Deadlines {
  readonly #bounded = new Seats<Bounded>();
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;

  constructor(now: () => number, tickMs = 100) {
    this.#now = now;
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  add(bounded: Bounded): Seat<Bounded> {
    return this.#bounded.take(bounded);
  }

  remove(seat: Seat<Bounded>): void {
    this.#bounded.leave(seat);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = this.#now();
    const late: Bounded[] = [];
    this.#bounded.forEach((each) => {
      if (each.deadlineMs <= nowMs) late.push(each);
    });
    // A request's deadline before its attempt's that came in the same tick.
    late.sort((a, b) => a.deadlineMs - b.deadlineMs);
    for (const each of late) if (each.deadlineMs <= nowMs) each.overdue(nowMs);
  }
}
