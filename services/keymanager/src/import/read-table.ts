import { type Entry, type EntryReader, longestKey, readEntry } from './entry.ts';
import { indexOfKeys } from './key-names.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const space = 0x20;

/** Where keys stand in a table. */
export interface KeyColumn {
  /** From 0. */
  readonly index: number;
  readonly separator: ',' | ';' | '\t';
}

/** Reads a line as the names of a table's columns; null when none of several names keys. */
export function keyColumnOf(line: string): KeyColumn | null {
  for (const separator of [',', ';', '\t'] as const) {
    const names = line.split(separator);
    const index = indexOfKeys(names);
    if (names.length > 1 && index !== -1) return { index, separator };
  }
  return null;
}

/**
 * Reads the keys of one column of a table (RFC 4180, also with semicolons or tabs), without its
 * first line. Memory is bounded: a longer key is cut, and invalid.
 */
export function createTableReader({ index, separator }: KeyColumn): EntryReader {
  const bytes = Buffer.alloc(longestKey + 2);
  const ends = separator.charCodeAt(0);
  let length = 0;
  let tooLong = false;
  let column = 0;
  let blank = true;
  let quoted: 'no' | 'open' | 'closed' = 'no';
  let cellBegan = false;
  let line = 1;
  let rowLine = 1;
  let isFirst = true;

  function* endRow(): Generator<Entry> {
    const text = bytes.toString('utf8', 0, length).trim();
    if (!blank && !isFirst) {
      const invalid = (reason: string): Entry => ({ kind: 'invalid', line: rowLine, reason });
      if (column < index || (text === '' && !tooLong))
        yield invalid('has nothing in the column of keys');
      else if (tooLong) yield invalid(`is longer than ${longestKey} characters`);
      else yield readEntry(text, rowLine);
    }
    isFirst &&= blank;
    length = 0;
    tooLong = false;
    column = 0;
    blank = true;
    rowLine = line;
    beginCell();
  }

  function beginCell(): void {
    quoted = 'no';
    cellBegan = false;
  }

  function keep(byte: number): void {
    if (byte !== space) {
      blank = false;
      cellBegan = true;
    }
    if (column !== index) return;
    if (length >= bytes.length) tooLong = true;
    else bytes[length++] = byte;
  }

  return {
    *push(chunk) {
      for (const byte of chunk) {
        if (byte === newline) line += 1;
        if (quoted === 'open') {
          if (byte === quote) quoted = 'closed';
          else keep(byte);
        } else if (byte === newline || byte === carriageReturn) yield* endRow();
        else if (byte === ends) {
          column += 1;
          blank = false;
          beginCell();
        } else if (byte === quote && quoted === 'closed') {
          // Two in a row stand for one.
          quoted = 'open';
          keep(byte);
        } else if (byte === quote && !cellBegan) quoted = 'open';
        else keep(byte);
      }
    },
    *end() {
      yield* endRow();
    },
  };
}
