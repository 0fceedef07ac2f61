/** What ends at a time. */
interface Expiry {
  readonly untilMs: number;
  readonly slot: number;
}

/** A min-heap of slots by the time at which their rest ends. */
export class ExpiryHeap {
  readonly #heap: Expiry[] = [];

  push(slot: number, untilMs: number): void {
    const heap = this.#heap;
    let at = heap.length;
    const entry: Expiry = { untilMs, slot };
    heap.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >>> 1;
      const parent = heap[parentAt];
      if (parent === undefined || parent.untilMs <= untilMs) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = entry;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Holds only these ends (slot → epoch ms) from now on. */
  rebuild(ends: ReadonlyMap<number, number>): void {
    this.#heap.length = 0;
    for (const [slot, untilMs] of ends) this.push(slot, untilMs);
  }

  /** The soonest end, epoch ms. */
  get soonestMs(): number | undefined {
    return this.#heap[0]?.untilMs;
  }

  /** Takes the soonest one when it is over. */
  popEnded(nowMs: number): number | undefined {
    const top = this.#heap[0];
    if (top === undefined || top.untilMs > nowMs) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
    return top.slot;
  }

  #sink(entry: Expiry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const takeRight = right !== undefined && right.untilMs < left.untilMs;
      const child = takeRight ? right : left;
      if (child.untilMs >= entry.untilMs) break;
      heap[at] = child;
      at = 2 * at + (takeRight ? 2 : 1);
    }
    heap[at] = entry;
  }
}
