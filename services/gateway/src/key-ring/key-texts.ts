/** A small pool begins with so many bytes and doubles them; a large one adds whole blocks. */
const firstBytes = 4 * 1024;
const blockBytes = 1024 * 1024;
/** The lengths of the three texts and of the opened secret, 16 bits each. */
const headBytes = 8;

/** Who a key is, and what is sent for it. */
export interface KeyText {
  readonly id: string;
  readonly masked: string;
  readonly sealed: string;
}

/**
 * The texts of keys as bytes in blocks: strings of a million keys would take three times as much, and the garbage
 * collector would walk over them. A place is where the texts of one key are. A secret that was opened takes the place of
 * its seal, which is longer: to open one costs a tenth of a request, and a large pool opens one a request.
 */
export class KeyTexts {
  readonly #blocks: Buffer[] = [Buffer.allocUnsafeSlow(firstBytes)];
  /** Bytes of the last block that are taken. */
  #taken = 0;
  /** Places that were freed, by their sizes: keys of one provider are of a few sizes. */
  readonly #free = new Map<number, number[]>();

  /** Keeps the texts of a key; their place. Throws for a text of 64 KiB: no key is as long. */
  put({ id, masked, sealed }: KeyText): number {
    const idBytes = Buffer.byteLength(id);
    const maskedBytes = Buffer.byteLength(masked);
    const sealedBytes = Buffer.byteLength(sealed);
    const size = headBytes + idBytes + maskedBytes + sealedBytes;
    const place = this.#free.get(size)?.pop() ?? this.#grow(size);
    const block = this.#blockOf(place);
    const head = place % blockBytes;
    block.writeUInt16LE(idBytes, head);
    block.writeUInt16LE(maskedBytes, head + 2);
    block.writeUInt16LE(sealedBytes, head + 4);
    block.writeUInt16LE(0, head + 6);
    block.write(id, head + headBytes);
    block.write(masked, head + headBytes + idBytes);
    block.write(sealed, head + headBytes + idBytes + maskedBytes);
    return place;
  }

  /** Gives a place away, and leaves nothing of its secret. */
  free(place: number): void {
    const block = this.#blockOf(place);
    const from = place % blockBytes;
    const size = headBytes + [0, 2, 4].reduce((sum, at) => sum + block.readUInt16LE(from + at), 0);
    block.fill(0, from + headBytes, from + size);
    const others = this.#free.get(size);
    if (others === undefined) this.#free.set(size, [place]);
    else others.push(place);
  }

  id(place: number): string {
    const block = this.#blockOf(place);
    const from = place % blockBytes;
    const start = from + headBytes;
    return block.toString('utf8', start, start + block.readUInt16LE(from));
  }

  masked(place: number): string {
    const block = this.#blockOf(place);
    const from = place % blockBytes;
    const start = from + headBytes + block.readUInt16LE(from);
    return block.toString('utf8', start, start + block.readUInt16LE(from + 2));
  }

  /** Whether the secret was opened and stands where its seal stood. */
  isOpened(place: number): boolean {
    return this.#blockOf(place).readUInt16LE((place % blockBytes) + 6) > 0;
  }

  /** The sealed secret; undefined once it was opened. */
  sealed(place: number): string | undefined {
    if (this.isOpened(place)) return undefined;
    const block = this.#blockOf(place);
    const from = place % blockBytes;
    const start = secretStart(block, from);
    return block.toString('utf8', start, start + block.readUInt16LE(from + 4));
  }

  /** The secret; `opened` gives it for its seal, once. What that throws travels. */
  secret(place: number, opened: (sealed: string) => string): string {
    const sealed = this.sealed(place);
    const block = this.#blockOf(place);
    const from = place % blockBytes;
    const start = secretStart(block, from);
    if (sealed === undefined) {
      return block.toString('utf8', start, start + block.readUInt16LE(from + 6));
    }
    const secret = opened(sealed);
    const secretBytes = Buffer.byteLength(secret);
    if (secretBytes <= block.readUInt16LE(from + 4)) {
      block.writeUInt16LE(secretBytes, from + 6);
      block.write(secret, start);
    }
    return secret;
  }

  #blockOf(place: number): Buffer {
    const block = this.#blocks[Math.floor(place / blockBytes)];
    if (block === undefined) throw new RangeError(`no key has its texts at ${place}`);
    return block;
  }

  #grow(size: number): number {
    let last = this.#blocks.length - 1;
    let block = this.#blocks[last] ?? Buffer.alloc(0);
    while (this.#taken + size > block.length && block.length < blockBytes) {
      const wider = Buffer.allocUnsafeSlow(block.length * 2);
      block.copy(wider);
      block = wider;
      this.#blocks[last] = wider;
    }
    if (this.#taken + size > block.length) {
      last = this.#blocks.push(Buffer.allocUnsafeSlow(blockBytes)) - 1;
      this.#taken = 0;
    }
    const place = last * blockBytes + this.#taken;
    this.#taken += size;
    return place;
  }
}

function secretStart(block: Buffer, from: number): number {
  return from + headBytes + block.readUInt16LE(from) + block.readUInt16LE(from + 2);
}
