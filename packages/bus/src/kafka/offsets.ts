/** The offsets of one partition that are in hand: where a commit may go. */
export class Offsets {
  readonly #open = new Map<bigint, number>();
  #next: bigint | undefined;
  #committed = -1n;

  /** A message was received; a repetition too. */
  begin(offset: bigint): void {
    this.#open.set(offset, (this.#open.get(offset) ?? 0) + 1);
    if (this.#next === undefined || offset >= this.#next) this.#next = offset + 1n;
  }

  /** It needs no further delivery. */
  done(offset: bigint): void {
    const times = this.#open.get(offset) ?? 0;
    if (times > 1) this.#open.set(offset, times - 1);
    else this.#open.delete(offset);
  }

  /** The first offset that is not done, when it is beyond what was committed; else null. */
  get toCommit(): bigint | null {
    if (this.#next === undefined) return null;
    let first = this.#next;
    for (const offset of this.#open.keys()) if (offset < first) first = offset;
    return first > this.#committed ? first : null;
  }

  committed(offset: bigint): void {
    if (offset > this.#committed) this.#committed = offset;
  }
}
