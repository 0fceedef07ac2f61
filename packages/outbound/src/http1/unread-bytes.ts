const nothing = Buffer.alloc(0);

/** What came and was not read yet. Copies only what a later piece completes. */
export class UnreadBytes {
  #bytes: Buffer = nothing;
  #at = 0;

  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** All that came, of which what is before `at` was read. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get at(): number {
    return this.#at;
  }

  add(chunk: Buffer): void {
    this.#bytes =
      this.#at < this.#bytes.length
        ? Buffer.concat([this.#bytes.subarray(this.#at), chunk])
        : chunk;
    this.#at = 0;
  }

  /** Counts what is before `at` as read. */
  readTo(at: number): void {
    this.#at = at;
  }

  /** Reads the next ones, so many at most. */
  take(sizeBytes: number): Buffer {
    const bytes = this.#bytes;
    const from = this.#at;
    if (from === bytes.length) return nothing;
    const end = Math.min(bytes.length, from + sizeBytes);
    this.#at = end;
    return from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end);
  }

  clear(): void {
    this.#bytes = nothing;
    this.#at = 0;
  }
}
