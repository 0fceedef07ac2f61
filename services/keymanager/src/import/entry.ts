import { namesKeys, withoutName } from './key-names.ts';

/** One thing between separators: a key, or why it is none. `line` counts from 1. */
export type Entry =
  | { readonly kind: 'key'; readonly line: number; readonly secret: string }
  | { readonly kind: 'invalid'; readonly line: number; readonly reason: string };

/** Reads entries from chunks of bytes; what it yields depends on all chunks so far. */
export interface EntryReader {
  push(chunk: Uint8Array): Iterable<Entry>;
  /** After the last chunk. Throws {@link MalformedImport} when something is missing. */
  end(): Iterable<Entry>;
}

/** The input as a whole is not what it says it is; nothing of it is imported. */
export class MalformedImport extends Error {
  override readonly name = 'MalformedImport';
  readonly field: string | null;
  constructor(message: string, field: string | null = null) {
    super(message);
    this.field = field;
  }
}

export const longestKey = 1_000;

// What web pages and word processors put around a copied text, and nobody sees.
const unseen =
  /^[\u00a0\u200b-\u200d\u2060\u3000\ufeff]+|[\u00a0\u200b-\u200d\u2060\u3000\ufeff]+$/g;

/** Says whether a text is a key; the reason never repeats it. */
export function readEntry(copied: string, line: number): Entry {
  const text = withoutName(copied.replace(unseen, ''));
  const invalid = (reason: string): Entry => ({ kind: 'invalid', line, reason });
  if (text.length > longestKey) return invalid(`is longer than ${longestKey} characters`);
  if (/[\s,;]/.test(text)) return invalid('has white space or a separator inside');
  // What a header can carry; bytes that are not UTF-8 were replaced by U+FFFD.
  if (!/^[\x21-\x7e]+$/.test(text)) return invalid('has characters that no key has');
  if (/["']/.test(text)) return invalid('has a quotation mark inside');
  if (!/[\dA-Za-z]/.test(text)) return invalid('has no letter and no digit');
  if (isNamed(text)) return invalid('has a name and = before the key: take them away');
  if (text.endsWith(':')) return invalid('has a name and : before the key: take them away');
  return { kind: 'key', line, secret: text };
}

// A line of an .env file, of a name that need not be that of a key for an upstream.
function isNamed(text: string): boolean {
  if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+=/.test(text)) return true;
  const at = text.indexOf('=');
  return at !== -1 && at < text.length - 1 && namesKeys(text.slice(0, at));
}
