import type { PoolKey } from '@keymux/contracts';
import type { RingKey } from './ring-key.ts';

/** The keys of a pool by id and by slot: a small number that sets of keys are made of, used again after a key is gone. */
export class KeySlots {
  readonly #byId = new Map<string, RingKey>();
  readonly #bySlot: (RingKey | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#byId.size;
  }

  /** Slots so far, also those that are free. */
  get slots(): number {
    return this.#bySlot.length;
  }

  get(id: string): RingKey | undefined {
    return this.#byId.get(id);
  }

  at(slot: number): RingKey | undefined {
    return this.#bySlot[slot];
  }

  all(): IterableIterator<RingKey> {
    return this.#byId.values();
  }

  ids(): IterableIterator<string> {
    return this.#byId.keys();
  }

  /** Adds a key of which nothing is known yet but who it is. */
  add({ id, masked, sealed, state }: PoolKey & { readonly state: RingKey['state'] }): RingKey {
    const slot = this.#free.pop() ?? this.#bySlot.length;
    const secret = undefined;
    const key = { id, slot, masked, sealed, secret, state, version: 0, streak: 0, unanswered: 0 };
    this.#bySlot[slot] = key;
    this.#byId.set(id, key);
    return key;
  }

  delete({ id, slot }: RingKey): void {
    this.#byId.delete(id);
    this.#bySlot[slot] = undefined;
    this.#free.push(slot);
  }
}
