import { type Entry, type EntryReader, longestKey, readEntry } from './entry.ts';
import { announcesKey, withoutName } from './key-names.ts';

const newline = 0x0a;
const hash = 0x23;
const quotes = new Set([0x22, 0x27]);
// Tab, vertical tab, form feed, carriage return, space, comma, semicolon.
const separators = new Set([0x09, 0x0b, 0x0c, 0x0d, 0x20, 0x2c, 0x3b, newline]);
const endsNames = new Set([0x2c, 0x3b, newline]);

/**
 * Reads keys from lines: one a line, also separated by comma, semicolon or white space, quoted or
 * not; what begins with # is a comment, up to the end of its line. Words that only say what follows, such
 * as `Authorization: Bearer`, are left out. Memory is bounded: a longer entry is cut, and invalid.
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
  /** A word said that a key follows in this line. */
  let announced = false;
  /** What stands behind a name that is none of a key. */
  let inOther = false;
  let line = 1;

  function finish(): Entry | undefined {
    const entry = inOther ? undefined : entryOf(bytes.toString('utf8', 0, length));
    length = 0;
    tooLong = false;
    quote = 0;
    closed = false;
    torn = false;
    return entry;
  }

  function entryOf(text: string): Entry | undefined {
    if (tooLong) {
      return { kind: 'invalid', line, reason: `is longer than ${longestKey} characters` };
    }
    if (torn || (quote !== 0 && !closed)) {
      return { kind: 'invalid', line, reason: 'has quotation marks that do not enclose it' };
    }
    if (text === '') return undefined;
    if (quote === 0 && announcesKey(withoutName(text))) {
      announced = true;
      return undefined;
    }
    if (announced && (text === '=' || text === ':')) return undefined;
    announced = false;
    inOther = quote === 0 && text.endsWith(':');
    return readEntry(text, line);
  }

  /** At a comma, a semicolon or the end of a line: no name before it says anything of what is behind it. */
  function endNames(): Entry | undefined {
    const entry: Entry | undefined = announced
      ? { kind: 'invalid', line, reason: 'is called a key, but no key is there' }
      : undefined;
    announced = false;
    inOther = false;
    return entry;
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
          const entry = finish();
          if (entry !== undefined) yield entry;
          if (endsNames.has(byte)) {
            const unkept = endNames();
            if (unkept !== undefined) yield unkept;
          }
          if (byte === newline) line += 1;
        } else if (length === 0 && quote === 0 && quotes.has(byte)) quote = byte;
        else if (length === 0 && quote === 0 && byte === hash) inComment = true;
        else if (inQuotes && byte === quote) closed = true;
        else if (closed) torn = true;
        else keep(byte);
      }
    },
    *end() {
      for (const entry of [finish(), endNames()]) if (entry !== undefined) yield entry;
    },
  };
}
