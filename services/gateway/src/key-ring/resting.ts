import { ExpiryHeap } from './expiry-heap.ts';
import { SlotSet } from './slot-set.ts';

/** The keys that rest, for one model or whole, each until a time that is never shortened. */
export class Resting {
  readonly slots = new SlotSet();
  readonly #untilMs = new Map<number, number>();
  readonly #heap = new ExpiryHeap();

  /** Tells whether the slot rested longer than before by it. */
  rest(slot: number, untilMs: number): boolean {
    if ((this.#untilMs.get(slot) ?? 0) >= untilMs) return false;
    this.#untilMs.set(slot, untilMs);
    this.slots.add(slot);
    this.#heap.push(slot, untilMs);
    if (this.#heap.size > 64 + 2 * this.#untilMs.size) this.#heap.rebuild(this.#untilMs);
    return true;
  }

  untilMs(slot: number): number | undefined {
    return this.#untilMs.get(slot);
  }

  /** Ends a rest before its time. */
  wake(slot: number): boolean {
    this.#untilMs.delete(slot);
    return this.slots.delete(slot);
  }

  /** Ends what is over; heap entries of rests that were prolonged or ended early are passed by. */
  wakeEnded(nowMs: number, woken?: (slot: number) => void): void {
    for (;;) {
      const slot = this.#heap.popEnded(nowMs);
      if (slot === undefined) return;
      const untilMs = this.#untilMs.get(slot);
      if (untilMs !== undefined && untilMs <= nowMs) {
        this.wake(slot);
        woken?.(slot);
      }
    }
  }

  /** The soonest end, epoch ms; may be that of a rest that was ended early. */
  get soonestMs(): number | undefined {
    return this.slots.size === 0 ? undefined : this.#heap.soonestMs;
  }
}
