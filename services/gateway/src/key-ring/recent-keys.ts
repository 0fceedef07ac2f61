import type { RingKey } from './ring-key.ts';

/** Keys of one generation; there are two. */
const generationKeys = 10_000;

/** The keys that were used last as objects, by slot, with their opened secrets; those with requests on the way stay. */
export class RecentKeys {
  #young = new Map<number, RingKey>();
  #old = new Map<number, RingKey>();

  find(slot: number): RingKey | undefined {
    const young = this.#young.get(slot);
    if (young !== undefined) return young;
    const old = this.#old.get(slot);
    return old === undefined ? undefined : this.add(old);
  }

  add(key: RingKey): RingKey {
    if (this.#young.size >= generationKeys) this.#age();
    this.#young.set(key.slot, key);
    return key;
  }

  delete(slot: number): void {
    this.#young.delete(slot);
    this.#old.delete(slot);
  }

  #age(): void {
    const before = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    for (const [slot, key] of before) {
      if (key.unanswered > 0 && !this.#old.has(slot)) this.#young.set(slot, key);
    }
  }
}
