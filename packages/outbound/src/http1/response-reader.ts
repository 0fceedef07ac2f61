import { OutboundError } from '../outbound-error.ts';
import { ChunkedBody } from './chunked-body.ts';
import { invalidResponse, readResponseHead, type ResponseHead } from './response-head.ts';
import { framingOf, type ResponseFraming } from './response-framing.ts';
import { UnreadBytes } from './unread-bytes.ts';

/** Longest head of an answer, interim ones each by themselves, in bytes. */
const maxHeadBytes = 65_536;

/** Who is told what an answer brings, in order. */
export interface ResponseSink {
  head(head: ResponseHead, framing: ResponseFraming): void;
  data(chunk: Buffer): void;
  /** The answer is whole; `rest` came behind it. */
  whole(rest: Buffer): void;
}

type State = 'idle' | 'head' | 'length' | 'until-close' | 'chunked' | 'whole';

const headEnd = '\r\n\r\n';

/**
 * Reads the answers of one connection, one for each `expect`, from the pieces in which they come. Copies nothing but a head
 * that came in pieces. What is no HTTP/1.1 throws an OutboundError out of `read` or `resume`, and nothing can be read after it.
 */
export class ResponseReader {
  readonly #sink: ResponseSink;
  #state: State = 'idle';
  #request: { readonly method: string; readonly upgrade: boolean } = { method: '', upgrade: false };
  readonly #unread = new UnreadBytes();
  /** Of a body whose length is known. */
  #leftBytes = 0;
  #chunked = new ChunkedBody();
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
    return this.#state !== 'head' || this.#unread.length > 0;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether the upstream ended the connection. */
  get closed(): boolean {
    return this.#closed;
  }

  read(chunk: Buffer): void {
    this.#unread.add(chunk);
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
    this.#unread.clear();
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
        return this.#ofLength();
      case 'until-close':
        return this.#untilClose();
      case 'chunked':
        return this.#ofChunks();
      case 'whole': {
        const rest = this.#unread.take(this.#unread.length);
        this.stop();
        this.#sink.whole(rest);
        return false;
      }
    }
  }

  #head(): boolean {
    const { bytes, at } = this.#unread;
    const end = bytes.indexOf(headEnd, at, 'latin1');
    if ((end === -1 ? bytes.length : end) - at > maxHeadBytes) {
      throw invalidResponse(`a head of more than ${maxHeadBytes} bytes`);
    }
    if (end === -1) return false;
    const head = readResponseHead(bytes.toString('latin1', at, end));
    this.#unread.readTo(end + headEnd.length);
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
        this.#state = 'chunked';
        this.#chunked = new ChunkedBody();
        break;
      case 'until-close':
        this.#state = 'until-close';
        break;
    }
    this.#sink.head(head, framing);
    return true;
  }

  #ofLength(): boolean {
    if (this.#unread.length === 0) return false;
    const data = this.#unread.take(this.#leftBytes);
    this.#leftBytes -= data.length;
    // Before the listener, who may stop all of it.
    if (this.#leftBytes === 0) this.#state = 'whole';
    this.#sink.data(data);
    return true;
  }

  #untilClose(): boolean {
    const here = this.#unread.length;
    if (here > 0) this.#sink.data(this.#unread.take(here));
    else if (this.#closed) this.#state = 'whole';
    else return false;
    return true;
  }

  #ofChunks(): boolean {
    const next = this.#chunked.next(this.#unread);
    if (next === 'more') return false;
    if (next === 'end') this.#state = 'whole';
    else this.#sink.data(next);
    return true;
  }
}
