import type { AnswerTally } from './answer-tally.ts';
import { BoundedBytes } from './bounded-bytes.ts';
import { isJsonObject, parseJson } from './json-value.ts';
import { lastUsage, mayHoldError, mayHoldUsage } from './json-needles.ts';
import { LineEnds } from './line-ends.ts';
import { readSseEvent } from './sse-event.ts';

const lineFeed = 0x0a;
const blankLine = Buffer.from('\n\n');
const limits = { limitBytes: 262_144, headBytes: 4_096, tailBytes: 32_768 };

/**
 * Reads a stream of events as it goes by. Only the events before the first content are parsed, and
 * later those whose bytes may hold usage or an error: a chunk of whole events without either costs
 * three searches. Keeps at most one event, and of one over 256 KiB only its ends.
 */
export class EventScanner {
  readonly #tally: AnswerTally;
  readonly #lineEnds = new LineEnds();
  /** The event that has begun, with line feeds only; never starts with one. */
  readonly #pending = new BoundedBytes(limits);
  /** The newest event with usage: servers that count in each event would be parsed each time. */
  #usageEvent: Buffer = Buffer.alloc(0);
  #usageBytes = 0;

  constructor(tally: AnswerTally) {
    this.#tally = tally;
  }

  get midEvent(): boolean {
    return this.#pending.length > 0;
  }

  get heldBytes(): number {
    return this.#pending.heldBytes + this.#usageEvent.length;
  }

  feed(chunk: Buffer): void {
    const bytes = this.#lineEnds.normalise(chunk);
    let from = 0;
    if (this.#pending.length > 0) {
      from = this.#finishPending(bytes);
      if (from === -1) return;
    }
    while (bytes[from] === lineFeed) from += 1;
    const last = bytes.lastIndexOf(blankLine);
    const wholeUntil = last < from ? from : last + 2;
    if (wholeUntil > from) this.#wholeEvents(bytes.subarray(from, wholeUntil));
    if (wholeUntil < bytes.length) this.#pending.append(bytes.subarray(wholeUntil));
  }

  end(): void {
    // A last event without its blank line still says what it says.
    this.#takePending();
    if (this.#usageBytes === 0) return;
    const { data } = readSseEvent(this.#usageEvent.subarray(0, this.#usageBytes));
    this.#usageBytes = 0;
    const json = parseJson(data ?? '');
    if (isJsonObject(json)) this.#tally.noteUsage(json);
  }

  /** Where the bytes after the pending event begin; -1 when they do not end it. */
  #finishPending(bytes: Buffer): number {
    const pending = this.#pending;
    if (pending.lastByte === lineFeed && bytes[0] === lineFeed) {
      this.#takePending();
      return 1;
    }
    const at = bytes.indexOf(blankLine);
    if (at === -1) {
      pending.append(bytes);
      return -1;
    }
    pending.append(bytes.subarray(0, at + 1));
    this.#takePending();
    return at + 2;
  }

  #takePending(): void {
    if (this.#pending.length === 0) return;
    const [whole, tail] = this.#pending.parts();
    if (whole !== undefined) {
      if (tail === undefined) this.#event(whole);
      else this.#longEvent(whole, tail);
    }
    this.#pending.clear();
  }

  #wholeEvents(bytes: Buffer): void {
    if (this.#tally.sawContent && !mayHoldUsage(bytes) && !mayHoldError(bytes)) return;
    let from = 0;
    while (from < bytes.length) {
      const end = bytes.indexOf(blankLine, from);
      if (end === -1) return;
      // With its last line feed, as a pending event has it too.
      const event = bytes.subarray(from, end + 1);
      if (event.length <= limits.limitBytes) this.#event(event);
      else {
        this.#longEvent(
          event.subarray(0, limits.headBytes),
          event.subarray(event.length - limits.tailBytes),
        );
      }
      from = end + 2;
      while (bytes[from] === lineFeed) from += 1;
    }
  }

  #event(bytes: Buffer): void {
    const first = !this.#tally.sawContent;
    const error = mayHoldError(bytes);
    const usage = mayHoldUsage(bytes);
    if (!first && !error && !usage) return;
    if (first || error) {
      if (this.#parse(bytes)) return;
    }
    if (usage && !first) this.#keepUsage(bytes);
  }

  /** Tells whether nothing is left to read in it. */
  #parse(bytes: Buffer): boolean {
    const tally = this.#tally;
    const { name, data } = readSseEvent(bytes);
    if (data === null || data === '' || data === '[DONE]') return true;
    const json = parseJson(data);
    if (!isJsonObject(json)) {
      if (name === 'error') tally.noteError({ error: data });
      else tally.sawContent = true;
      return true;
    }
    const before = tally.sawContent;
    const isError = tally.noteError(json) || (name === 'error' && tally.noteError({ error: json }));
    if (!isError && tally.kindOf(json) === 'content') tally.sawContent = true;
    if (before) return false;
    tally.noteUsage(json);
    return true;
  }

  /** An event over the limit: usage stands at its end, and an error is never that long. */
  #longEvent(head: Buffer, tail: Buffer): void {
    this.#tally.sawContent = true;
    const usage = lastUsage(tail) ?? lastUsage(head);
    if (usage === null) return;
    this.#usageBytes = 0;
    this.#tally.noteUsage(usage);
  }

  #keepUsage(bytes: Buffer): void {
    if (bytes.length > this.#usageEvent.length) {
      this.#usageEvent = Buffer.allocUnsafe(Math.max(bytes.length, 1_024));
    }
    this.#usageBytes = bytes.copy(this.#usageEvent);
  }
}
