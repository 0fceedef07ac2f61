const noWords = new Uint32Array(0);

/**
 * A set of small integers (slots of a pool) as bits, so that "the next member that is in this set
 * and not in that one" is found 32 slots at a time: a million slots are skipped in some 30 µs.
 */
export class SlotSet {
  #words = new Uint32Array(4);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(slot: number): boolean {
    return ((this.#words[slot >>> 5] ?? 0) & (1 << (slot & 31))) !== 0;
  }

  /** Tells whether the slot was new. */
  add(slot: number): boolean {
    if (this.has(slot)) return false;
    const word = slot >>> 5;
    if (word >= this.#words.length) {
      const grown = new Uint32Array(Math.max(word + 1, this.#words.length * 2));
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (slot & 31));
    this.#size += 1;
    return true;
  }

  /** Tells whether the slot was in. */
  delete(slot: number): boolean {
    if (!this.has(slot)) return false;
    const word = slot >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) & ~(1 << (slot & 31));
    this.#size -= 1;
    return true;
  }

  /** The first member at or after `from`, without those of the others; -1 when there is none. */
  nextFrom(from: number, except?: SlotSet, orExcept?: SlotSet): number {
    const exceptWords = except === undefined ? noWords : except.#words;
    const orWords = orExcept === undefined ? noWords : orExcept.#words;
    let word = from >>> 5;
    let mask = ~0 << (from & 31);
    for (; word < this.#words.length; word += 1, mask = ~0) {
      const out = (exceptWords[word] ?? 0) | (orWords[word] ?? 0);
      const bits = (this.#words[word] ?? 0) & ~out & mask;
      if (bits !== 0) return (word << 5) + (31 - Math.clz32(bits & -bits));
    }
    return -1;
  }
}
