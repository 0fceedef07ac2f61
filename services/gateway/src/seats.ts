/** The place of one in a list of those who are there now. */
export interface Seat<T> {
  readonly who: T;
  at: number;
}

/**
 * Those who are there now, in no order. A Set would do the same, but each table that a Set outgrows
 * keeps what was in it and leads to the next one: once the first is in V8's old generation, every
 * request since then stays in memory until a full collection.
 */
export class Seats<T> {
  readonly #taken: Seat<T>[] = [];

  take(who: T): Seat<T> {
    const seat = { who, at: this.#taken.length };
    this.#taken.push(seat);
    return seat;
  }

  /** Gives a seat back; again does nothing. */
  leave(seat: Seat<T>): void {
    if (seat.at === -1) return;
    const last = this.#taken.pop();
    if (last !== undefined && last !== seat) {
      this.#taken[seat.at] = last;
      last.at = seat.at;
    }
    seat.at = -1;
  }

  /** Visits all who are there, also while they leave; one may then be visited twice. */
  forEach(visit: (who: T) => void): void {
    for (let at = this.#taken.length - 1; at >= 0; at -= 1) {
      const seat = this.#taken[at];
      if (seat !== undefined) visit(seat.who);
    }
  }
}
