/** Bytes that are kept whole up to a limit, past it only their first and last part. */
export interface BoundedBytesLimits {
  readonly limitBytes: number;
  /** Kept of the start of what is too long; like `tailBytes` not above `limitBytes`. */
  readonly headBytes: number;
  readonly tailBytes: number;
}

/** Memory that is kept for the next bytes when these are cleared. */
const keptBytes = 16_384;

/** Collects bytes, copying them; holds at most twice `limitBytes`. */
export class BoundedBytes {
  readonly #limits: BoundedBytesLimits;
  #buffer: Buffer = Buffer.alloc(0);
  #used = 0;
  #length = 0;
  #head: Buffer | null = null;

  constructor(limits: BoundedBytesLimits) {
    this.#limits = limits;
  }

  /** How many bytes were appended. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory held now. */
  get heldBytes(): number {
    return this.#buffer.length + (this.#head?.length ?? 0);
  }

  /** -1 when there is none. */
  get lastByte(): number {
    return this.#buffer[this.#used - 1] ?? -1;
  }

  append(bytes: Buffer): void {
    this.#length += bytes.length;
    if (this.#head !== null) this.#appendToTail(bytes);
    else if (this.#length <= this.#limits.limitBytes) this.#push(bytes);
    else this.#overflow(bytes);
  }

  /** All of it, or its first and last part: views that hold until the next append or clear. */
  parts(): readonly Buffer[] {
    const kept = this.#buffer.subarray(0, this.#used);
    return this.#head === null
      ? [kept]
      : [this.#head, kept.subarray(Math.max(0, kept.length - this.#limits.tailBytes))];
  }

  clear(): void {
    // One long event must not be paid for by a stream's whole life.
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.alloc(0);
    this.#head = null;
    this.#used = 0;
    this.#length = 0;
  }

  #push(bytes: Buffer): void {
    const needed = this.#used + bytes.length;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2, 256));
      this.#buffer.copy(grown, 0, 0, this.#used);
      this.#buffer = grown;
    }
    bytes.copy(this.#buffer, this.#used);
    this.#used = needed;
  }

  #overflow(bytes: Buffer): void {
    const { headBytes, tailBytes } = this.#limits;
    const soFar = this.#buffer.subarray(0, this.#used);
    const missing = Math.max(0, headBytes - soFar.length);
    this.#head = Buffer.concat([soFar.subarray(0, headBytes), bytes.subarray(0, missing)]);
    // Twice the tail: so that bytes are moved once per tail that goes by, not once per append.
    this.#buffer = Buffer.allocUnsafe(tailBytes * 2);
    this.#used = soFar.copy(this.#buffer, 0, Math.max(0, soFar.length - tailBytes));
    this.#appendToTail(bytes);
  }

  #appendToTail(bytes: Buffer): void {
    const { tailBytes } = this.#limits;
    const last = bytes.subarray(Math.max(0, bytes.length - tailBytes));
    if (this.#used + last.length > this.#buffer.length) {
      const stays = Math.min(this.#used, tailBytes);
      this.#buffer.copyWithin(0, this.#used - stays, this.#used);
      this.#used = stays;
    }
    last.copy(this.#buffer, this.#used);
    this.#used += last.length;
  }
}
