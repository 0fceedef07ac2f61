import type { AnswerTally } from './answer-tally.ts';
import { BoundedBytes } from './bounded-bytes.ts';
import { isJsonObject, parseJson } from './json-value.ts';
import { lastUsage, mayHoldError } from './json-needles.ts';

const limits = { limitBytes: 262_144, headBytes: 16_384, tailBytes: 65_536 };
/** So many bytes of a body tell whether it is an error's. */
const prefixBytes = 256;

/**
 * Reads a body that is not a stream of events (Gemini's array of parts is one too): keeps its ends
 * and looks for usage from the back, so that megabytes of vectors are never parsed.
 */
export class BodyScanner {
  readonly #tally: AnswerTally;
  readonly #body = new BoundedBytes(limits);
  /** A body that comes in one piece is not copied. */
  #only: Buffer | null = null;
  #undecided = true;

  constructor(tally: AnswerTally) {
    this.#tally = tally;
  }

  /** Whether what came may still turn out to be nothing but an error. */
  get midEvent(): boolean {
    return this.#undecided && this.#length > 0;
  }

  get heldBytes(): number {
    return this.#body.heldBytes + (this.#only?.length ?? 0);
  }

  get #length(): number {
    return this.#body.length + (this.#only?.length ?? 0);
  }

  feed(chunk: Buffer): void {
    this.#keep(chunk);
    if (!this.#undecided) return;
    const [start] = this.#parts();
    if (start === undefined || mayBeError(start)) return;
    this.#undecided = false;
    this.#tally.sawContent = true;
  }

  end(): void {
    const parts = this.#parts();
    const [whole] = parts;
    if (parts.length === 1 && whole !== undefined && mayHoldError(whole)) this.#readError(whole);
    for (const part of parts.toReversed()) {
      const usage = lastUsage(part);
      if (usage === null) continue;
      this.#tally.noteUsage(usage);
      break;
    }
    if (this.#undecided && this.#length > 0 && this.#tally.errorEvent === null) {
      this.#tally.sawContent = parts.some((part) => part.toString('latin1').trim() !== '');
    }
    this.#undecided = false;
    this.#only = null;
    this.#body.clear();
  }

  #keep(chunk: Buffer): void {
    if (this.#length === 0 && chunk.length <= limits.limitBytes) {
      this.#only = chunk;
      return;
    }
    if (this.#only !== null) this.#body.append(this.#only);
    this.#only = null;
    this.#body.append(chunk);
  }

  #parts(): readonly Buffer[] {
    return this.#only === null ? this.#body.parts() : [this.#only];
  }

  #readError(body: Buffer): void {
    const json = parseJson(body.toString('utf8'));
    // A stored thing that tells of its own failure (a fine-tuning job, a response) is an answer.
    const stored = isJsonObject(json) && typeof json['object'] === 'string';
    if (stored && json['object'] !== 'error') return;
    this.#tally.noteError(json);
  }
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Whether what begins so is, or may become, an error. */
function mayBeError(start: Buffer): boolean {
  let at = 0;
  while (isSpace(start[at])) at += 1;
  if (start[at] === 0x7b) {
    at += 1;
    while (isSpace(start[at])) at += 1;
    // Nearly every answer is told from an error by the first letter of its first name.
    const letter = start[at] === 0x22 ? start[at + 1] : undefined;
    if (letter !== undefined && letter !== 0x65 && letter !== 0x74 && letter !== 0x6f) return false;
  }
  const prefix = start.toString('latin1', 0, prefixBytes).trimStart();
  return prefix === '' || looksLikeError(prefix);
}

/** The start of `{"error":…`, `[{"error":…` or `{"type":"error"…`, or of what may become one. */
function looksLikeError(prefix: string): boolean {
  if (prefix.length >= prefixBytes - 16) return errorStart.test(prefix);
  return errorStart.test(prefix) || unfinishedStart.test(prefix);
}

const errorStart = /^(?:\[\s*)?\{\s*"(?:error"\s*:(?!\s*null)|(?:type|object)"\s*:\s*"error")/;
const unfinishedStart =
  /^(?:\[\s*)?(?:\{\s*(?:"(?:e|er|err|erro|error|error"\s*(?::\s*n?u?l?)?|(?:t|ty|typ|type|o|ob|obj|obje|objec|object)|(?:type|object)"\s*(?::\s*(?:"(?:e|er|err|erro|error)?)?)?)?)?)?$/;
