import type { AskedFields, FieldScan } from './asked-fields.ts';

/** Longest head of a part, and longest value that is read, in bytes. */
const maxHeadBytes = 8_192;
const maxValueBytes = 1_000;
const lineEnd = '\r\n';

/** The boundary of a form (RFC 7578); null for what is none. */
export function boundaryOf(contentType: string): string | null {
  if (!/^\s*multipart\/form-data\s*;/i.test(contentType)) return null;
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  return quoted ?? plain ?? null;
}

/**
 * Finds `model` and `stream` of a form in one pass over its bytes as they come: audio to be transcribed often
 * comes before the name of the model. Of two fields of one name the last counts, as in JSON.
 */
export class FormScan implements FieldScan {
  readonly #delimiter: Buffer;
  /** What may be the beginning of a delimiter or of a head. The first delimiter has no line before it. */
  #held = Buffer.from(lineEnd);
  /** Where `#held` begins in the body. */
  #at = -lineEnd.length;
  #reads: 'content' | 'head' | 'nothing' = 'content';
  #field: string | null = null;
  #value: Buffer[] = [];
  #valueAt = 0;
  #found: AskedFields = { model: null, stream: null };

  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`${lineEnd}--${boundary}`, 'latin1');
  }

  get found(): AskedFields {
    return this.#found;
  }

  feed(bytes: Uint8Array): void {
    if (this.#reads === 'nothing') return;
    this.#held = Buffer.concat([this.#held, bytes]);
    while (this.#reads === 'head' ? this.#readHead() : this.#readContent());
  }

  /** Takes content up to a delimiter; false when that has not come yet. */
  #readContent(): boolean {
    if (this.#reads === 'nothing') return false;
    const end = this.#held.indexOf(this.#delimiter);
    const surelyBytes =
      end === -1 ? Math.max(0, this.#held.length - this.#delimiter.length + 1) : end;
    if (this.#field !== null && this.#at - this.#valueAt <= maxValueBytes) {
      this.#value.push(this.#held.subarray(0, surelyBytes));
    }
    this.#pass(surelyBytes);
    if (end === -1) return false;
    if (this.#field !== null) this.#take(this.#field);
    this.#pass(this.#delimiter.length);
    this.#reads = 'head';
    return true;
  }

  /** Takes the head of a part; false when it has not come whole. */
  #readHead(): boolean {
    const end = this.#held.indexOf(lineEnd + lineEnd);
    const last = this.#held.length > 1 && this.#held.toString('latin1', 0, 2) === '--';
    if (last || (end === -1 && this.#held.length > maxHeadBytes)) {
      this.#reads = 'nothing';
      this.#held = Buffer.alloc(0);
    }
    if (last || end === -1) return false;
    this.#field = fieldOf(this.#held.toString('latin1', 0, end));
    this.#pass(end + 2 * lineEnd.length);
    this.#value = [];
    this.#valueAt = this.#at;
    this.#reads = 'content';
    return true;
  }

  #take(field: string): void {
    if (this.#at - this.#valueAt > maxValueBytes) return;
    const text = Buffer.concat(this.#value).toString('utf8');
    if (field === 'model') {
      this.#found = { ...this.#found, model: text, modelAt: { from: this.#valueAt, to: this.#at } };
    } else if (field === 'stream') {
      this.#found = { ...this.#found, stream: text === 'true' };
    }
  }

  #pass(bytes: number): void {
    this.#held = this.#held.subarray(bytes);
    this.#at += bytes;
  }
}

/** The name of the field whose part has this head; null for a file. */
function fieldOf(head: string): string | null {
  const about = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  if (/;\s*filename\*?=/i.test(about)) return null;
  const [, quoted, plain] = /;\s*name=(?:"([^"]*)"|([^;\s]+))/i.exec(about) ?? [];
  return quoted ?? plain ?? null;
}
