/**
 * Round robin over a changing set in O(1) for every operation.
 *
 * Members before the cursor had their turn in this cycle, members from the cursor on have not.
 * Both parts are kept dense, so that no join or leave gives anyone a second turn or takes one away.
 */
export class Ring<T> {
  readonly #members: T[] = [];
  readonly #positions = new Map<T, number>();
  #cursor = 0;

  get size(): number {
    return this.#members.length;
  }

  has(member: T): boolean {
    return this.#positions.has(member);
  }

  /** Joins the cycle that is under way; a member that is already in stays where it is. */
  add(member: T): void {
    if (this.#positions.has(member)) return;
    this.#positions.set(member, this.#members.length);
    this.#members.push(member);
  }

  /** Leaves the ring; tells whether it was in. */
  remove(member: T): boolean {
    const position = this.#positions.get(member);
    if (position === undefined) return false;
    let hole = position;
    if (position < this.#cursor) {
      this.#cursor -= 1;
      this.#move(this.#cursor, hole);
      hole = this.#cursor;
    }
    this.#move(this.#members.length - 1, hole);
    this.#members.pop();
    this.#positions.delete(member);
    return true;
  }

  /** The member whose turn it is, or undefined when the ring is empty. */
  next(): T | undefined {
    if (this.#cursor >= this.#members.length) this.#cursor = 0;
    const member = this.#members[this.#cursor];
    if (member !== undefined) this.#cursor += 1;
    return member;
  }

  values(): IterableIterator<T> {
    return this.#members.values();
  }

  #move(from: number, to: number): void {
    const member = this.#members[from];
    if (member === undefined || from === to) return;
    this.#members[to] = member;
    this.#positions.set(member, to);
  }
}
