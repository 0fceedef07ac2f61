import { OutboundError } from '../outbound-error.ts';
import { chunkSize, endOfLine } from './chunk-line.ts';
import { invalidResponse, readResponseHead, type ResponseHead } from './response-head.ts';
import { framingOf, type ResponseFraming } from './response-framing.ts';

/** Longest head of an answer, interim ones and the trailers each by themselves, in bytes. */
const maxHeadBytes = 65_536;

/** Who is told what an answer brings, in order. */
export interface ResponseSink {
  head(head: ResponseHead, framing: ResponseFraming): void;
  data(chunk: Buffer): void;
  /** The answer is whole; `rest` came behind it. */
  whole(rest: Buffer): void;
}

type State =
  | 'idle'
  | 'head'
  | 'length'
  | 'until-close'
  | 'chunk-line'
  | 'chunk'
  | 'chunk-end'
  | 'trailers'
  | 'whole';

const nothing = Buffer.alloc(0);
const headEnd = '\r\n\r\n';

/**
 * Reads the answers of one connection, one for each `expect`, from the pieces in which they come. Copies nothing but a head
 * that came in pieces. What is no HTTP/1.1 throws an OutboundError out of `read` or `resume`, and nothing can be read after it.
 */
export class ResponseReader {
  readonly #sink: ResponseSink;
  #state: State = 'idle';
  #request: { readonly method: string; readonly upgrade: boolean } = { method: '', upgrade: false };
  /** What came and was not told, from `#at`. */
  #bytes: Buffer = nothing;
  #at = 0;
  /** Of the body, or of the chunk, that is being read. */
  #leftBytes = 0;
  #trailerBytes = 0;
  #paused = false;
  #reading = false;
  /** Nothing more will come. */
  #closed = false;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** An answer to this request comes next. */
  expect(request: { readonly method: string; readonly upgrade: boolean }): void {
    this.#request = request;
    this.#state = 'head';
    this.#paused = false;
  }

  /** Whether a byte of the answer that is awaited has come. */
  get begun(): boolean {
    return this.#state !== 'head' || this.#bytes.length > this.#at;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether the upstream ended the connection. */
  get closed(): boolean {
    return this.#closed;
  }

  read(chunk: Buffer): void {
    if (this.#at < this.#bytes.length) {
      chunk = Buffer.concat([this.#bytes.subarray(this.#at), chunk]);
    }
    this.#bytes = chunk;
    this.#at = 0;
    this.#advance();
  }

  /** Tells nothing more until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#advance();
  }

  /** The upstream ended the connection: that ends some answers, and cuts others off, which throws an OutboundError. */
  close(): void {
    this.#closed = true;
    this.#advance();
  }

  /** Nothing more is told of this answer. */
  stop(): void {
    this.#state = 'idle';
    this.#bytes = nothing;
    this.#at = 0;
  }

  #advance(): void {
    // A listener that resumes while it is told something is called from here anyway.
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (!this.#paused && this.#step());
    } finally {
      this.#reading = false;
    }
    if (!this.#closed || this.#paused || this.#state === 'idle') return;
    const where = this.begun ? 'within its answer' : 'before its answer';
    throw new OutboundError('CUT_OFF', `the upstream ended the connection ${where}`);
  }

  /** Goes one step on; false when more must come first. */
  #step(): boolean {
    switch (this.#state) {
      case 'idle':
        return false;
      case 'head':
        return this.#head();
      case 'length':
        return this.#data('whole');
      case 'until-close':
        return this.#untilClose();
      case 'chunk-line':
        return this.#chunkLine();
      case 'chunk':
        return this.#data('chunk-end');
      case 'chunk-end':
        return this.#chunkEnd();
      case 'trailers':
        return this.#trailers();
      case 'whole': {
        const rest = this.#at < this.#bytes.length ? this.#bytes.subarray(this.#at) : nothing;
        this.stop();
        this.#sink.whole(rest);
        return false;
      }
    }
  }

  #head(): boolean {
    const bytes = this.#bytes;
    const end = bytes.indexOf(headEnd, this.#at, 'latin1');
    if ((end === -1 ? bytes.length : end) - this.#at > maxHeadBytes) {
      throw invalidResponse(`a head of more than ${maxHeadBytes} bytes`);
    }
    if (end === -1) return false;
    const head = readResponseHead(bytes.toString('latin1', this.#at, end));
    this.#at = end + headEnd.length;
    const framing = framingOf(head, this.#request);
    const { body } = framing;
    // Interim answers (RFC 9110 15.2) say nothing that the client waits for.
    if (head.status < 200 && body.kind !== 'upgrade') return true;
    switch (body.kind) {
      case 'none':
      case 'upgrade':
        this.#state = 'whole';
        break;
      case 'length':
        this.#state = 'length';
        this.#leftBytes = body.sizeBytes;
        break;
      case 'chunked':
        this.#state = 'chunk-line';
        break;
      case 'until-close':
        this.#state = 'until-close';
        break;
    }
    this.#sink.head(head, framing);
    return true;
  }

  /** Tells what there is of the next `#leftBytes`, and goes on to `next` with the last of them; false when there is nothing. */
  #data(next: State): boolean {
    const bytes = this.#bytes;
    const from = this.#at;
    const here = bytes.length - from;
    if (here === 0) return false;
    const taken = Math.min(here, this.#leftBytes);
    this.#leftBytes -= taken;
    this.#at = from + taken;
    // Before the listener, who may stop all of it.
    if (this.#leftBytes === 0) this.#state = next;
    this.#sink.data(from === 0 && taken === bytes.length ? bytes : bytes.subarray(from, this.#at));
    return true;
  }

  #untilClose(): boolean {
    this.#leftBytes = Number.MAX_SAFE_INTEGER;
    if (this.#data('until-close')) return true;
    if (!this.#closed) return false;
    this.#state = 'whole';
    return true;
  }

  #chunkLine(): boolean {
    const end = endOfLine(this.#bytes, this.#at);
    if (end === -1) return false;
    this.#leftBytes = chunkSize(this.#bytes, this.#at, end);
    this.#at = end;
    this.#trailerBytes = 0;
    this.#state = this.#leftBytes === 0 ? 'trailers' : 'chunk';
    return true;
  }

  #chunkEnd(): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    if (bytes.length - at < 2) return false;
    if (bytes[at] !== 0x0d || bytes[at + 1] !== 0x0a) {
      throw invalidResponse('a chunk longer than its size');
    }
    this.#at = at + 2;
    this.#state = 'chunk-line';
    return true;
  }

  // They are of this connection (RFC 9110 6.5): read past.
  #trailers(): boolean {
    const end = endOfLine(this.#bytes, this.#at);
    if (end === -1) return false;
    const sizeBytes = end - this.#at;
    this.#trailerBytes += sizeBytes;
    if (this.#trailerBytes > maxHeadBytes) throw invalidResponse('trailers too long');
    this.#at = end;
    if (sizeBytes === 2) this.#state = 'whole';
    return true;
  }
}
