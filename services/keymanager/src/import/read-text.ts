import type { Entry, EntryReader } from './entry.ts';
import { namesKeys } from './key-names.ts';
import { createJsonReader } from './read-json.ts';
import { createLineReader } from './read-lines.ts';
import { createTableReader, keyColumnOf } from './read-table.ts';

/** So much of a text says of what kind it is. */
const headBytes = 8_192;

/**
 * Reads keys from text of the kinds that people have: lines, a table whose first line names a
 * column of keys, and JSON; in UTF-8, or in UTF-16 as Windows writes it.
 */
export function createTextReader(): EntryReader {
  let decoder: TextDecoder | undefined;
  let reader: EntryReader | undefined;
  let head = Buffer.alloc(0);
  let isStarted = false;

  function* read(chunk: Uint8Array, isLast: boolean): Generator<Entry> {
    if (reader !== undefined) {
      yield* reader.push(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const kind = kindOf(head.subarray(0, headBytes), isLast);
    if (kind === undefined) return;
    reader = kind.reader;
    yield* reader.push(Buffer.from(kind.instead));
    yield* reader.push(head.subarray(kind.from));
  }

  function utf8(chunk: Uint8Array | undefined): Uint8Array {
    if (decoder === undefined) return chunk ?? Buffer.alloc(0);
    return Buffer.from(
      chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true }),
    );
  }

  function* start(chunk: Uint8Array, isLast: boolean): Generator<Entry> {
    head = Buffer.concat([head, chunk]);
    const mark = markOf(head, isLast);
    if (mark === undefined) return;
    isStarted = true;
    const rest = head.subarray(mark.length);
    head = Buffer.alloc(0);
    if (mark.encoding !== 'utf-8') decoder = new TextDecoder(mark.encoding);
    yield* read(utf8(rest), false);
  }

  return {
    push: (chunk) => (isStarted ? read(utf8(chunk), false) : start(chunk, false)),
    *end() {
      if (!isStarted) yield* start(Buffer.alloc(0), true);
      yield* read(utf8(undefined), true);
      if (reader !== undefined) yield* reader.end();
    },
  };
}

interface Mark {
  readonly length: number;
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
}

/** The byte order mark that a text begins with; undefined while that is open. */
function markOf(head: Uint8Array, isWhole: boolean): Mark | undefined {
  const [first, second, third] = head;
  if (first === 0xff && second === 0xfe) return { length: 2, encoding: 'utf-16le' };
  if (first === 0xfe && second === 0xff) return { length: 2, encoding: 'utf-16be' };
  if (first === 0xef && second === 0xbb && third === 0xbf) return { length: 3, encoding: 'utf-8' };
  return isWhole || head.length >= 3 ? { length: 0, encoding: 'utf-8' } : undefined;
}

interface Kind {
  readonly reader: EntryReader;
  /** What is read from here on, and what is read instead of what stands before: lines keep their numbers. */
  readonly from: number;
  readonly instead: string;
}

const lines = (): Kind => ({ reader: createLineReader(), from: 0, instead: '' });

/** Of what kind a text is, by its first line that is no comment; undefined while that is open. */
function kindOf(head: Buffer, isWhole: boolean): Kind | undefined {
  const complete = isWhole || head.length >= headBytes;
  let before = '';
  for (let from = 0; from < head.length;) {
    const newline = head.indexOf('\n', from);
    if (newline === -1 && !complete) return undefined;
    const to = newline === -1 ? head.length : newline;
    const line = head.toString('utf8', from, to).trim();
    if (line !== '' && !line.startsWith('#')) return kindOfLine(line, from, before);
    from = to + 1;
    before += '\n';
  }
  return complete ? lines() : undefined;
}

function kindOfLine(line: string, from: number, before: string): Kind {
  if (/^[[{]/.test(line)) return { reader: createJsonReader(), from, instead: before };
  const column = keyColumnOf(line);
  if (column !== null) return { reader: createTableReader(column), from, instead: before };
  // What only says that keys follow becomes a comment.
  return namesKeys(line) ? { ...lines(), from, instead: `${before}#` } : lines();
}
