import { type Entry, type EntryReader, MalformedImport, readEntry } from './entry.ts';

/** No string in it is longer than a key with every character escaped, and much besides. */
const longestString = 64 * 1024;

type Place =
  'start' | 'name' | 'colon' | 'list' | 'first item' | 'item' | 'after item' | 'after list' | 'end';

const white = new Set([' ', '\t', '\n', '\r']);

/** Reads `{"keys": ["…", …]}` or `["…", …]` piece by piece. Anything else throws {@link MalformedImport}. */
export function createJsonReader(): EntryReader {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let place: Place = 'start';
  /** The string that is being read, without its first mark; null outside of strings. */
  let text: string | null = null;
  let escaped = false;
  let index = 0;
  /** The list stands alone, without an object around it. */
  let isBare = false;

  function decode(chunk: Uint8Array | undefined): string {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      // The decoder throws for nothing else.
      throw new MalformedImport('the body is not UTF-8');
    }
  }

  function parse(raw: string): string {
    try {
      return String(JSON.parse(`"${raw}"`));
    } catch {
      // The message of the parser would quote a key.
      throw new MalformedImport('a string in the body is not JSON');
    }
  }

  function* string(value: string): Generator<Entry> {
    if (place === 'name') {
      if (value !== 'keys') throw new MalformedImport('is not a known field', value.slice(0, 100));
      place = 'colon';
      return;
    }
    index += 1;
    place = 'after item';
    if (value !== '') yield readEntry(value, index);
  }

  function structure(char: string): void {
    isBare ||= place === 'start' && char === '[';
    const next = isBare ? nextOfBare(place, char) : nextPlace(place, char);
    if (next === undefined) throw unexpected(place, index);
    place = next;
  }

  function* read(part: string): Generator<Entry> {
    for (const char of part) {
      if (text !== null) {
        if (char === '"' && !escaped) {
          const raw = text;
          text = null;
          yield* string(parse(raw));
          continue;
        }
        escaped = char === '\\' && !escaped;
        text += char;
        if (text.length > longestString) throw new MalformedImport('an entry is too long');
      } else if (char === '"' && takesString(place)) text = '';
      else if (!white.has(char)) structure(char);
    }
  }

  return {
    push: (chunk) => read(decode(chunk)),
    *end() {
      yield* read(decode(undefined));
      if (place === 'start') throw new MalformedImport('the body is empty');
      if (place !== 'end') throw new MalformedImport('the body ends in the middle');
    },
  };
}

const takesString = (place: Place): boolean =>
  place === 'name' || place === 'first item' || place === 'item';

function nextPlace(place: Place, char: string): Place | undefined {
  switch (place) {
    case 'start':
      return char === '{' ? 'name' : undefined;
    case 'colon':
      return char === ':' ? 'list' : undefined;
    case 'list':
      return char === '[' ? 'first item' : undefined;
    case 'first item':
      return char === ']' ? 'after list' : undefined;
    case 'after item':
      if (char === ',') return 'item';
      return char === ']' ? 'after list' : undefined;
    case 'after list':
      return char === '}' ? 'end' : undefined;
    case 'name':
    case 'item':
    case 'end':
      return undefined;
    default:
      return place satisfies never;
  }
}

function nextOfBare(place: Place, char: string): Place | undefined {
  if (place === 'start') return 'first item';
  const next = nextPlace(place, char);
  return next === 'after list' ? 'end' : next;
}

function unexpected(place: Place, index: number): MalformedImport {
  switch (place) {
    case 'start':
      return new MalformedImport('must be an object with keys, or a list of them', 'body');
    case 'name':
      return new MalformedImport('is required', 'keys');
    case 'list':
      return new MalformedImport('must be a list', 'keys');
    case 'first item':
    case 'item':
      return new MalformedImport('must be text', `keys[${index}]`);
    case 'after list':
      return new MalformedImport('must have the field keys and no other', 'body');
    case 'colon':
    case 'after item':
    case 'end':
      return new MalformedImport('the body is not JSON');
    default:
      return place satisfies never;
  }
}
