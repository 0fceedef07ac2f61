import type { AskedFields, FieldScan } from './asked-fields.ts';

const quote = 0x22;
const backslash = 0x5c;
/** Longest name of a model that is read, and longest name of a field that is compared; in bytes. */
const maxModelBytes = 1_000;
const maxNameBytes = 16;

/**
 * Finds `model` and `stream` of a JSON object, at its top level only, in one pass over the bytes as
 * they come; what is not JSON has neither. A body may be megabytes of images in base64, before the
 * model: parsing it to read two fields would cost more than everything else.
 */
export class TopLevelScan implements FieldScan {
  #model: string | null = null;
  #stream: boolean | null = null;
  #depth = 0;
  /** At the top level. */
  #expects: 'name' | 'colon' | 'value' | 'comma' = 'name';
  #name = '';
  /** First byte of a value that is neither text nor a list nor an object; 0 for none. */
  #literal = 0;
  #inText = false;
  /** Backslashes right before what comes next of a text. */
  #slashes = 0;
  /** What came of a text that is read; null when it is passed over. */
  #kept: Uint8Array[] | null = null;
  #keptBytes = 0;
  #over = false;

  get found(): AskedFields {
    return { model: this.#model, stream: this.#stream };
  }

  feed(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#over) {
      at = this.#inText ? this.#passText(bytes, at) : this.#passStructure(bytes, at);
    }
  }

  /** Passes over what is no text; where a text or the end begins. */
  #passStructure(bytes: Uint8Array, from: number): number {
    const { length } = bytes;
    let depth = this.#depth;
    for (let at = from; at < length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (depth > 1) {
        if (byte === quote) {
          const end = bytes.indexOf(quote, at + 1);
          if (end === -1 || bytes[end - 1] === backslash) {
            this.#depth = depth;
            this.#openText();
            return at + 1;
          }
          at = end;
        } else if (byte === 0x7b || byte === 0x5b) depth += 1;
        else if (byte === 0x7d || byte === 0x5d) depth -= 1;
      } else if (byte === quote && depth === 1) {
        this.#depth = depth;
        this.#openText();
        return at + 1;
      } else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        depth = this.#topLevel(byte, depth);
        if (this.#over) break;
      }
    }
    this.#depth = depth;
    return length;
  }

  /** Takes a byte at the top level; how deep the next one is. */
  #topLevel(byte: number, depth: number): number {
    if (depth === 0) {
      if (byte === 0x7b) return 1;
      this.#over = true;
    } else if (byte === 0x2c || byte === 0x7d) {
      if (this.#literal !== 0) this.#endLiteral();
      if (byte === 0x7d || this.#expects !== 'comma') this.#over = true;
      this.#expects = 'name';
    } else if (byte === 0x3a && this.#expects === 'colon') this.#expects = 'value';
    else if (this.#expects === 'value') {
      if (byte === 0x7b || byte === 0x5b) {
        this.#expects = 'comma';
        return 2;
      }
      if (this.#literal === 0) this.#literal = byte;
    } else this.#over = true;
    return depth;
  }

  #endLiteral(): void {
    if (this.#name === 'stream') {
      if (this.#literal === 0x74) this.#stream = true;
      else if (this.#literal === 0x66) this.#stream = false;
    }
    this.#literal = 0;
    this.#expects = 'comma';
  }

  #openText(): void {
    this.#inText = true;
    this.#slashes = 0;
    if (this.#depth > 1) return;
    const read = this.#expects === 'name' || (this.#expects === 'value' && this.#name === 'model');
    this.#kept = read ? [] : null;
    this.#keptBytes = 0;
  }

  /** Passes over what there is of a text; where what follows it begins. */
  #passText(bytes: Uint8Array, from: number): number {
    for (let end = bytes.indexOf(quote, from); end !== -1; end = bytes.indexOf(quote, end + 1)) {
      if (this.#slashesBefore(bytes, from, end) % 2 === 1) continue;
      this.#keep(bytes.subarray(from, end));
      this.#inText = false;
      if (this.#depth === 1) this.#endText();
      return end + 1;
    }
    this.#slashes = this.#slashesBefore(bytes, from, bytes.length);
    this.#keep(bytes.subarray(from));
    return bytes.length;
  }

  // A text that is too long already says nothing more, and may be as long as the body.
  #keep(part: Uint8Array): void {
    if (this.#kept === null || this.#keptBytes > maxModelBytes) return;
    this.#kept.push(part);
    this.#keptBytes += part.length;
  }

  #slashesBefore(bytes: Uint8Array, from: number, end: number): number {
    let at = end;
    while (at > from && bytes[at - 1] === backslash) at -= 1;
    return end - at + (at === from ? this.#slashes : 0);
  }

  #endText(): void {
    const kept = this.#kept ?? [];
    this.#kept = null;
    switch (this.#expects) {
      case 'name':
        this.#name = textOf(kept, maxNameBytes) ?? '';
        this.#expects = 'colon';
        return;
      case 'value':
        if (this.#name === 'model')
          this.#model = parsed(textOf(kept, maxModelBytes)) ?? this.#model;
        this.#expects = 'comma';
        return;
      case 'colon':
      case 'comma':
        this.#over = true;
    }
  }
}

/** UTF-8; null when it is longer than `maxBytes`. */
function textOf(parts: readonly Uint8Array[], maxBytes: number): string | null {
  const [only] = parts;
  const bytes = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  if (bytes.length > maxBytes) return null;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function parsed(text: string | null): string | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(`"${text}"`);
    return typeof value === 'string' ? value : null;
  } catch {
    return null; // a broken escape: the upstream will say so
  }
}
