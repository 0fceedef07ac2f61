import { asciiJson } from '../ascii-json.ts';
import type { PoolKey } from '@keymux/contracts';
import { IdIndex } from './id-index.ts';
import { KeyTexts } from './key-texts.ts';
import { RecentKeys } from './recent-keys.ts';
import type { RingKey } from './ring-key.ts';

const firstSlots = 16;
/**
 * Secrets that are opened at once, those of the keys whose turn is next: alone, one costs four times as much, because the
 * processor has to fetch again what it runs for it.
 */
const openedTogether = 16;
/** States by number; 0 is a slot that is free. */
const states = ['deleted', 'active', 'blacklisted', 'disabled'] as const;

/**
 * The keys of a pool by id and by slot: a small number that sets of keys are made of, used again after a key is gone.
 * A key is bytes and numbers in columns, some 200 bytes; it is an object only while it is used.
 */
export class KeySlots {
  readonly #texts = new KeyTexts();
  readonly #index = new IdIndex((slot) => this.idOf(slot));
  readonly #recent = new RecentKeys();
  readonly #free: number[] = [];
  #slots = 0;
  #places = new Float64Array(firstSlots);
  #versions = new Uint32Array(firstSlots);
  #streaks = new Uint32Array(firstSlots);
  #states = new Uint8Array(firstSlots);

  get size(): number {
    return this.#slots - this.#free.length;
  }

  /** Slots so far, also those that are free. */
  get slots(): number {
    return this.#slots;
  }

  /** Slots that have a key. */
  *taken(): Generator<number> {
    for (let slot = 0; slot < this.#slots; slot += 1) if (this.isTaken(slot)) yield slot;
  }

  slotOf(id: string): number | undefined {
    return this.#index.find(id);
  }

  isTaken(slot: number): boolean {
    return this.stateOf(slot) !== 'deleted';
  }

  /** `deleted` for a slot that is free. */
  stateOf(slot: number): PoolKey['state'] {
    return states[this.#states[slot] ?? 0] ?? 'deleted';
  }

  versionOf(slot: number): number {
    return this.#versions[slot] ?? 0;
  }

  streakOf(slot: number): number {
    return this.#streaks[slot] ?? 0;
  }

  idOf(slot: number): string {
    return this.#texts.id(this.#places[slot] ?? 0);
  }

  maskedOf(slot: number): string {
    return this.#texts.masked(this.#places[slot] ?? 0);
  }

  /** The secret of a slot's key; `opened` gives it for its seal, once. */
  secretOf(slot: number, opened: (sealed: string) => string): string {
    const place = this.#places[slot] ?? 0;
    const isFirst = !this.#texts.isOpened(place);
    const secret = this.#texts.secret(place, opened);
    if (isFirst) this.#openNext(slot + 1, opened);
    return secret;
  }

  /** The key in a slot, the same object as long as it is in use. */
  at(slot: number): RingKey | undefined {
    if (!this.isTaken(slot)) return undefined;
    return this.#recent.find(slot) ?? this.#recent.add(new SlotKey(this, slot));
  }

  /** True for a key of this pool that is still in its slot. */
  holds(key: RingKey): boolean {
    const { slot } = key;
    return this.isTaken(slot) && (this.#recent.find(slot) === key || this.idOf(slot) === key.id);
  }

  /** Adds a key; its slot. */
  add(key: PoolKey): number {
    const slot = this.#free.pop() ?? this.#slots;
    if (slot === this.#slots) this.#slots += 1;
    if (slot >= this.#places.length) this.#widen();
    this.#places[slot] = this.#texts.put(key);
    this.#index.add(key.id, slot);
    this.#note(slot, key);
    return slot;
  }

  /** Takes what keymanager says of a key that is there. Its secret never changes, but may be sealed anew. */
  change(slot: number, key: PoolKey): void {
    this.#note(slot, key);
    const place = this.#places[slot] ?? 0;
    const sealed = this.#texts.sealed(place);
    if (sealed === undefined || sealed === key.sealed) return;
    const masked = this.#texts.masked(place);
    this.#texts.free(place);
    this.#places[slot] = this.#texts.put({ id: key.id, masked, sealed: key.sealed });
  }

  setStreak(slot: number, streak: number): void {
    this.#streaks[slot] = streak;
  }

  delete(slot: number): void {
    this.#recent.delete(slot);
    this.#index.delete(this.idOf(slot), slot);
    this.#texts.free(this.#places[slot] ?? 0);
    this.#states[slot] = 0;
    this.#versions[slot] = 0;
    this.#streaks[slot] = 0;
    this.#free.push(slot);
  }

  #openNext(from: number, opened: (sealed: string) => string): void {
    const to = Math.min(this.#slots, from + openedTogether - 1);
    try {
      for (let slot = from; slot < to; slot += 1) {
        const place = this.#places[slot] ?? 0;
        if (this.stateOf(slot) === 'active' && !this.#texts.isOpened(place)) {
          this.#texts.secret(place, opened);
        }
      }
    } catch {
      return; // what is wrong with its seal is told when it is that key's turn
    }
  }

  #note(slot: number, { state, version, streak }: PoolKey): void {
    this.#states[slot] = states.indexOf(state);
    this.#versions[slot] = version;
    this.#streaks[slot] = streak;
  }

  #widen(): void {
    const length = 2 * this.#places.length;
    const wider = <T extends Float64Array | Uint32Array | Uint8Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.#places = wider(new Float64Array(length), this.#places);
    this.#versions = wider(new Uint32Array(length), this.#versions);
    this.#streaks = wider(new Uint32Array(length), this.#streaks);
    this.#states = wider(new Uint8Array(length), this.#states);
  }
}

// A key that is used: what changes is read from its slot.
class SlotKey implements RingKey {
  readonly #slots: KeySlots;
  readonly slot: number;
  readonly id: string;
  readonly masked: string;
  readonly maskedJson: string;
  #secret: string | undefined;
  unanswered = 0;

  constructor(slots: KeySlots, slot: number) {
    this.#slots = slots;
    this.slot = slot;
    this.id = slots.idOf(slot);
    this.masked = slots.maskedOf(slot);
    this.maskedJson = asciiJson(this.masked);
  }

  get secret(): string | undefined {
    return this.#secret;
  }

  open(opened: (sealed: string) => string): string {
    this.#secret ??= this.#slots.secretOf(this.slot, opened);
    return this.#secret;
  }

  get state(): PoolKey['state'] {
    return this.#slots.holds(this) ? this.#slots.stateOf(this.slot) : 'deleted';
  }

  get version(): number {
    return this.#slots.holds(this) ? this.#slots.versionOf(this.slot) : 0;
  }

  get streak(): number {
    return this.#slots.holds(this) ? this.#slots.streakOf(this.slot) : 0;
  }
}
