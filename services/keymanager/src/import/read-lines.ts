import { type Entry, type EntryReader, longestKey, readEntry } from './entry.ts';

const newline = 0x0a;
const hash = 0x23;
const quotes = new Set([0x22, 0x27]);
// Tab, vertical tab, form feed, carriage return, space, comma, semicolon.
const separators = new Set([0x09, 0x0b, 0x0c, 0x0d, 0x20, 0x2c, 0x3b, newline]);

/**
 * Reads keys from lines: one a line, also separated by comma, semicolon or white space, quoted or
 * not; what begins with # is a comment, up to the end of its line. Memory is bounded: a longer entry
 * is cut, and invalid.
 */
export function createLineReader(): EntryReader {
  const bytes = Buffer.alloc(longestKey + 2);
  let length = 0;
  let tooLong = false;
  /** The quotation mark that the entry began with and that ends it; 0 for none. */
  let quote = 0;
  let closed = false;
  /** Something stands right behind the closing mark. */
  let torn = false;
  let inComment = false;
  let line = 1;

  function* finish(): Generator<Entry> {
    const text = bytes.toString('utf8', 0, length);
    const empty = length === 0 && quote === 0;
    const unbalanced = torn || (quote !== 0 && !closed);
    if (tooLong) {
      yield { kind: 'invalid', line, reason: `is longer than ${longestKey} characters` };
    } else if (unbalanced) {
      yield { kind: 'invalid', line, reason: 'has quotation marks that do not enclose it' };
    } else if (!empty && text !== '') yield readEntry(text, line);
    length = 0;
    tooLong = false;
    quote = 0;
    closed = false;
    torn = false;
  }

  function keep(byte: number): void {
    if (length >= bytes.length) tooLong = true;
    else bytes[length++] = byte;
  }

  return {
    *push(chunk) {
      for (const byte of chunk) {
        inComment &&= byte !== newline;
        if (inComment) continue;
        const inQuotes = quote !== 0 && !closed;
        if (byte === newline || (separators.has(byte) && !inQuotes)) {
          yield* finish();
          if (byte === newline) line += 1;
        } else if (length === 0 && quote === 0 && quotes.has(byte)) quote = byte;
        else if (length === 0 && quote === 0 && byte === hash) inComment = true;
        else if (inQuotes && byte === quote) closed = true;
        else if (closed) torn = true;
        else keep(byte);
      }
    },
    *end() {
      yield* finish();
    },
  };
}
