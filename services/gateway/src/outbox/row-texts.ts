const firstBytes = 16 * 1024;
/** Longest UTF-8 of one UTF-16 code unit. */
const unitBytes = 3;

/**
 * Rows that wait for their batch, a line each. As bytes: strings that live as long as a batch takes are old to the
 * garbage collector, and each of its rounds over what is old costs as much as thousands of requests.
 */
export class RowTexts {
  #bytes: Buffer = Buffer.alloc(0);
  #usedBytes = 0;
  count = 0;

  add(json: string): void {
    const neededBytes = this.#usedBytes + unitBytes * json.length + 1;
    if (neededBytes > this.#bytes.length) this.#grow(neededBytes);
    this.#usedBytes += this.#bytes.write(json, this.#usedBytes);
    this.#bytes[this.#usedBytes] = 0x0a;
    this.#usedBytes += 1;
    this.count += 1;
  }

  /** Bytes of memory held now. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** All rows, each with a newline after it. */
  text(): string {
    return this.#bytes.toString('utf8', 0, this.#usedBytes);
  }

  /** Forgets the rows and keeps their memory. */
  clear(): void {
    this.#usedBytes = 0;
    this.count = 0;
  }

  #grow(neededBytes: number): void {
    const wider = Buffer.allocUnsafeSlow(Math.max(neededBytes, 2 * this.#bytes.length, firstBytes));
    this.#bytes.copy(wider, 0, 0, this.#usedBytes);
    this.#bytes = wider;
  }
}
