import type { HeldAnswer } from './ending.ts';
import { heldText } from './held-text.ts';
import { readResponseHeaders, type ResponseHeaders } from '../headers/response-headers.ts';

/** What came of an upstream's answer: its head, and what of its body is held back. */
export class AnswerSoFar {
  readonly #requestId: string;
  #status = 0;
  #statusText = '';
  #headers: ResponseHeaders = {
    forwarded: [],
    contentLength: null,
    contentType: null,
    contentEncoding: null,
    upstreamRequestId: null,
    rateLimits: [],
  };
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(requestId: string) {
    this.#requestId = requestId;
  }

  /** Its head is there; raw headers are names and values in turn. */
  begin(status: number, statusText: string, raw: readonly string[]): void {
    this.#status = status;
    this.#statusText = statusText;
    this.#headers = readResponseHeaders(raw, this.#requestId);
  }

  hold(chunk: Buffer): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
  }

  /** 0 before its head is there. */
  get status(): number {
    return this.#status;
  }

  get statusText(): string {
    return this.#statusText;
  }

  get headers(): ResponseHeaders {
    return this.#headers;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether it is a success without a byte. */
  get isEmpty(): boolean {
    return this.#heldBytes === 0 && this.#status === 200;
  }

  /** Gives what is held away: it is on its way to the client now. */
  takeHeld(): Buffer[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  /** As one that was received whole. */
  held(): HeldAnswer {
    return {
      status: this.#status,
      statusText: this.#statusText,
      headers: this.#headers,
      chunks: this.#held,
    };
  }

  /** The start of what is held, decoded. */
  text(): string {
    return heldText(this.#held, this.#headers.contentEncoding);
  }
}
