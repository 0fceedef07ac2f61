import type { PoolKey } from '@keymux/contracts';
import { Availability } from './availability.ts';
import { KeySlots } from './key-slots.ts';
import type { RingKey } from './ring-key.ts';
import { SlotSet } from './slot-set.ts';

/** How long a key stays out on this gateway's word alone, should keymanager never answer. */
export const holdMs = 60_000;

/**
 * The keys of one group: which may be used now, and whose turn it is.
 *
 * Round robin over slots: after N·k choices each of k usable keys was chosen N times. A key that
 * rests or leaves is passed over without giving anybody a second turn.
 */
export class KeyPool {
  readonly #keys = new KeySlots();
  readonly #availability = new Availability((slot) => this.#keys.stateOf(slot) === 'active');
  #cursor = 0;

  get size(): number {
    return this.#keys.size;
  }

  /** Keys that are active and do not rest whole. */
  get usableCount(): number {
    return this.#availability.usable.size;
  }

  get(id: string): RingKey | undefined {
    const slot = this.#keys.slotOf(id);
    return slot === undefined ? undefined : this.#keys.at(slot);
  }

  /** Where the first turn is, so that workers that start together do not march in step (0–1). */
  startAt(fraction: number): void {
    this.#cursor = Math.floor(fraction * this.#keys.slots);
  }

  /**
   * Whose turn it is for a model, passing over `tried` and, while others are there, keys that are
   * spared; undefined when no key may be used now.
   */
  choose(model: string | null, tried: readonly RingKey[], nowMs: number): RingKey | undefined {
    this.#availability.wakeEnded(model, nowMs);
    if (model === null) return this.#next(tried);
    const resting = this.#availability.restingFor(model);
    const spared = this.#availability.sparedFor(model);
    const roomy = spared === undefined ? undefined : this.#next(tried, resting, spared);
    return roomy ?? this.#next(tried, resting);
  }

  #next(tried: readonly RingKey[], resting?: SlotSet, spared?: SlotSet): RingKey | undefined {
    const start = this.#cursor;
    for (let wrapped = false, from = start; ;) {
      const slot = this.#availability.usable.nextFrom(from, resting, spared);
      if (slot === -1 || (wrapped && slot >= start)) {
        if (wrapped || start === 0) return undefined;
        wrapped = true;
        from = 0;
        continue;
      }
      from = slot + 1;
      const key = this.#keys.at(slot);
      if (key === undefined || tried.some((each) => isSame(each, key))) continue;
      this.#cursor = from;
      return key;
    }
  }

  /** When the first resting key may be used for the model again, epoch ms. */
  soonestMs(model: string | null): number | undefined {
    return this.#availability.soonestMs(model);
  }

  /** Takes keymanager's word about a key; what is not newer is passed by, unless it was repaired. */
  apply(change: PoolKey, nowMs: number): void {
    const known = this.#keys.slotOf(change.id);
    if (known !== undefined && !this.#isNews(change, known)) return;
    if (known !== undefined && change.repaired === true) this.#availability.wake(known);
    if (change.state === 'deleted') {
      if (known !== undefined) this.#remove(known);
      return;
    }
    const slot = known ?? this.#keys.add(change);
    if (known !== undefined) this.#keys.change(known, change);
    // A streak of 0 was said after what made this gateway hold the key; any other may be older.
    if (change.streak === 0 || change.state !== 'active') this.#availability.letGo(slot);
    if (change.cooldowns.length === 0 && change.streak === 0) this.#availability.wake(slot);
    for (const { model, until_ms } of change.cooldowns)
      this.#availability.rest(slot, model, until_ms, nowMs);
    this.#availability.refresh(slot, nowMs);
  }

  /** Takes a complete snapshot, page by page; at its end, keys that it does not have are forgotten. */
  snapshot(): { take(keys: readonly PoolKey[], nowMs: number): void; end(): void } {
    const seen = new SlotSet();
    return {
      take: (keys, nowMs) => {
        for (const key of keys) {
          this.apply(key, nowMs);
          const slot = this.#keys.slotOf(key.id);
          if (slot !== undefined) seen.add(slot);
        }
      },
      end: () => {
        for (const slot of this.#keys.taken()) if (!seen.has(slot)) this.#remove(slot);
      },
    };
  }

  /** Rests a key for one model, or whole when `model` is null; never shortens a rest. */
  cool(key: RingKey, model: string | null, untilMs: number, nowMs: number): void {
    if (this.#keys.holds(key)) this.#availability.rest(key.slot, model, untilMs, nowMs);
  }

  /** Uses a key for a model only when no other may be used, until then. */
  spare(key: RingKey, model: string, untilMs: number): void {
    if (this.#keys.holds(key)) this.#availability.spare(key.slot, model, untilMs);
  }

  /** Uses a key for a model like any other again. */
  unspare(key: RingKey, model: string): void {
    if (this.#keys.holds(key)) this.#availability.unspare(key.slot, model);
  }

  /** Uses every key like any other again. */
  unspareAll(): void {
    this.#availability.unspareAll();
  }

  /** Counts a failure here and now; at the threshold the key is out until keymanager says more. */
  fail(key: RingKey, threshold: number, nowMs: number): void {
    if (!this.#keys.holds(key)) return;
    const streak = this.#keys.streakOf(key.slot) + 1;
    this.#keys.setStreak(key.slot, streak);
    if (threshold > 0 && streak >= threshold) this.hold(key, nowMs);
  }

  /** Takes a key out on this gateway's word, until keymanager's. */
  hold(key: RingKey, nowMs: number): void {
    if (this.#keys.holds(key)) this.#availability.hold(key.slot, nowMs + holdMs, nowMs);
  }

  /** Takes back what this gateway alone decided. */
  release(key: RingKey, nowMs: number): void {
    if (!this.#keys.holds(key)) return;
    this.#keys.setStreak(key.slot, 0);
    this.#availability.letGo(key.slot);
    this.#availability.refresh(key.slot, nowMs);
  }

  /** Passes over a key that is at a limit, until then. */
  limit(key: RingKey, untilMs: number, nowMs: number): void {
    if (this.#keys.holds(key)) this.#availability.limit(key.slot, untilMs, nowMs);
  }

  /** Asks again for a key that was at a limit. */
  unlimit(key: RingKey, nowMs: number): void {
    if (this.#keys.holds(key)) this.#availability.unlimit(key.slot, nowMs);
  }

  /** Asks again for every key, because the limits changed. */
  unlimitAll(): void {
    // At time 0 nothing else has ended: what has is noticed when a key is chosen.
    for (const slot of this.#keys.taken()) this.#availability.unlimit(slot, 0);
  }

  /** Ids of all keys. */
  *ids(): Generator<string> {
    for (const slot of this.#keys.taken()) yield this.#keys.idOf(slot);
  }

  #remove(slot: number): void {
    this.#keys.delete(slot);
    this.#availability.forget(slot);
  }

  // One version has two states only when one of them was a mistake that this gateway did not hear of.
  #isNews({ version, state, repaired }: PoolKey, slot: number): boolean {
    const known = this.#keys.versionOf(slot);
    if (repaired === true || version > known) return true;
    return version === known && state !== this.#keys.stateOf(slot);
  }
}

// A key that was not used for long is another object when it is used again.
function isSame(one: RingKey, other: RingKey): boolean {
  return one === other || (one.slot === other.slot && one.id === other.id);
}
