const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** Makes every line end a line feed, chunk after chunk (CR, LF and CRLF all end a line of SSE). */
export class LineEnds {
  #afterReturn = false;

  /** The same chunk when there is nothing to change. */
  normalise(chunk: Buffer): Buffer {
    const from = this.#afterReturn && chunk[0] === lineFeed ? 1 : 0;
    if (chunk.length > 0) this.#afterReturn = false;
    let at = chunk.indexOf(carriageReturn, from);
    if (at === -1) return from === 0 ? chunk : chunk.subarray(from);
    const out = Buffer.allocUnsafe(chunk.length - from);
    let used = 0;
    let copied = from;
    while (at !== -1) {
      used += chunk.copy(out, used, copied, at);
      out[used] = lineFeed;
      used += 1;
      copied = chunk[at + 1] === lineFeed ? at + 2 : at + 1;
      if (at + 1 === chunk.length) this.#afterReturn = true;
      at = chunk.indexOf(carriageReturn, copied);
    }
    used += chunk.copy(out, used, copied);
    return out.subarray(0, used);
  }
}
