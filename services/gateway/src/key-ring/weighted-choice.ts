/** Something that is chosen in proportion to its weight. */
export interface Weighted {
  readonly weight: number;
}

/**
 * Smooth weighted round robin: over any run of choices each entry is taken in proportion to its
 * weight, spread evenly instead of in bursts (nginx, commit 52327e0). O(entries), which are few.
 */
export class WeightedChoice<T extends Weighted> {
  readonly #entries: readonly T[];
  readonly #current: number[];

  constructor(entries: readonly T[]) {
    this.#entries = entries.filter((each) => each.weight > 0);
    this.#current = this.#entries.map(() => 0);
  }

  /** The next entry among those that `allowed` lets pass, or undefined. */
  next(allowed: (entry: T) => boolean): T | undefined {
    let best = -1;
    let total = 0;
    for (let at = 0; at < this.#entries.length; at += 1) {
      const entry = this.#entries[at];
      if (entry === undefined || !allowed(entry)) continue;
      total += entry.weight;
      const current = (this.#current[at] ?? 0) + entry.weight;
      this.#current[at] = current;
      if (best === -1 || current > (this.#current[best] ?? 0)) best = at;
    }
    if (best === -1) return undefined;
    this.#current[best] = (this.#current[best] ?? 0) - total;
    return this.#entries[best];
  }
}
