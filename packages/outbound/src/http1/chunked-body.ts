import { chunkSize, endOfLine } from './chunk-line.ts';
import { invalidResponse } from './response-head.ts';
import type { UnreadBytes } from './unread-bytes.ts';

/** Longest trailers, in bytes. */
const maxTrailerBytes = 65_536;

const cr = 0x0d;
const lf = 0x0a;

/** Reads one body that comes in chunks (RFC 9112 7.1). */
export class ChunkedBody {
  #state: 'line' | 'data' | 'end-of-chunk' | 'trailers' = 'line';
  /** Of the chunk that is being read. */
  #leftBytes = 0;
  #trailerBytes = 0;

  /** The body's next bytes, `more` when others must come first, or `end`. Throws an OutboundError for what is no chunk. */
  next(unread: UnreadBytes): Buffer | 'more' | 'end' {
    for (;;) {
      if (unread.length === 0) return 'more';
      switch (this.#state) {
        case 'data': {
          const data = unread.take(this.#leftBytes);
          this.#leftBytes -= data.length;
          if (this.#leftBytes === 0) this.#state = 'end-of-chunk';
          return data;
        }
        case 'line':
          if (!this.#line(unread)) return 'more';
          break;
        case 'end-of-chunk':
          if (!this.#endOfChunk(unread)) return 'more';
          break;
        case 'trailers': {
          const sizeBytes = this.#trailer(unread);
          if (sizeBytes === 0) return 'more';
          if (sizeBytes === 2) return 'end';
          break;
        }
      }
    }
  }

  #line(unread: UnreadBytes): boolean {
    const { bytes, at } = unread;
    const end = endOfLine(bytes, at);
    if (end === -1) return false;
    this.#leftBytes = chunkSize(bytes, at, end);
    unread.readTo(end);
    this.#state = this.#leftBytes === 0 ? 'trailers' : 'data';
    return true;
  }

  #endOfChunk(unread: UnreadBytes): boolean {
    const { bytes, at } = unread;
    if (bytes.length - at < 2) return false;
    if (bytes[at] !== cr || bytes[at + 1] !== lf) {
      throw invalidResponse('a chunk longer than its size');
    }
    unread.readTo(at + 2);
    this.#state = 'line';
    return true;
  }

  // They are of this connection (RFC 9110 6.5): read past. The size of one; 0 when its end has not come.
  #trailer(unread: UnreadBytes): number {
    const { bytes, at } = unread;
    const end = endOfLine(bytes, at);
    if (end === -1) return 0;
    const sizeBytes = end - at;
    this.#trailerBytes += sizeBytes;
    if (this.#trailerBytes > maxTrailerBytes) throw invalidResponse('trailers too long');
    unread.readTo(end);
    return sizeBytes;
  }
}
