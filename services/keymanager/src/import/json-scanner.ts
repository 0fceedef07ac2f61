import { MalformedImport } from './entry.ts';

/** No key is longer with every character escaped, and longer texts are cut. */
const longestText = 64 * 1024;
const deepest = 100;

/** A piece of JSON. What is kept of a text that is too long is longer than any key. */
export type JsonPart =
  | { readonly kind: 'open'; readonly isList: boolean; readonly line: number }
  | { readonly kind: 'close' }
  /** Of a field. */
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  /** A number, true, false or null. */
  | { readonly kind: 'other' };

/** What may come next. */
type Next = 'value' | 'first item' | 'first name' | 'name' | 'colon' | 'comma' | 'document';

const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
// Behind these a scalar goes on.
const inScalar = /[^\w.+-]/g;
const scalarChars = new Set('+-.0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
const quoteOrEscape = /["\\]/g;

const close: JsonPart = { kind: 'close' };
const other: JsonPart = { kind: 'other' };

/** Splits JSON, of which documents may follow one another, into its parts, wherever its text is cut. Holds one text at most. */
export function createJsonScanner() {
  /** What is open, from the outside in: is it a list? */
  const open: boolean[] = [];
  let next: Next = 'document';
  /** The text that is being read, without its first mark; null outside of texts. */
  let text: string | null = null;
  let escaped = false;
  /** A number or word that is being read. */
  let word = '';
  let line = 1;
  let isBegun = false;

  const broken = (): MalformedImport => new MalformedImport(`line ${line} is not JSON`);

  function parse(raw: string): string {
    // Most have nothing to be told from what they mean.
    // oxlint-disable-next-line no-control-regex
    if (!/[\\\u0000-\u001f]/.test(raw)) return raw;
    if (raw.length >= longestText) return raw;
    try {
      return String(JSON.parse(`"${raw}"`));
    } catch {
      // The message of the parser would quote a key.
      throw new MalformedImport(`a string in line ${line} is not JSON`);
    }
  }

  const keep = (more: string): void => {
    const whole = (text ?? '') + more;
    text = whole.length > longestText ? whole.slice(0, longestText) : whole;
  };

  /** Reads on in a text from `from`; returns where it ends, or the length of the whole. */
  function readText(part: string, from: number): number {
    let start = from;
    if (escaped) {
      escaped = false;
      keep(part.charAt(start));
      start += 1;
    }
    quoteOrEscape.lastIndex = start;
    for (;;) {
      const found = quoteOrEscape.exec(part);
      if (found === null) {
        keep(part.slice(start));
        return part.length;
      }
      if (found[0] === '"') {
        keep(part.slice(start, found.index));
        return found.index;
      }
      if (found.index + 1 === part.length) {
        keep(part.slice(start));
        escaped = true;
        return part.length;
      }
      quoteOrEscape.lastIndex = found.index + 2;
    }
  }

  function endText(): JsonPart {
    const value = parse(text ?? '');
    text = null;
    if (next === 'name' || next === 'first name') {
      next = 'colon';
      return { kind: 'name', text: value };
    }
    endValue();
    return { kind: 'text', text: value };
  }

  function endValue(): void {
    next = open.length === 0 ? 'document' : 'comma';
  }

  const takesValue = (): boolean => next === 'value' || next === 'first item';

  function endWord(): JsonPart {
    if (!takesValue() || !scalar.test(word)) throw unexpected();
    word = '';
    endValue();
    return other;
  }

  function structure(char: string): JsonPart | undefined {
    switch (char) {
      case '{':
      case '[':
        if (!takesValue() && next !== 'document') throw broken();
        if (open.length === deepest) throw new MalformedImport(`line ${line} is nested too deep`);
        open.push(char === '[');
        isBegun = true;
        next = char === '[' ? 'first item' : 'first name';
        return { kind: 'open', isList: char === '[', line };
      case '}':
      case ']':
        if (next !== 'comma' && next !== (char === ']' ? 'first item' : 'first name')) {
          throw broken();
        }
        if (open.pop() !== (char === ']')) throw broken();
        endValue();
        return close;
      case ':':
        if (next !== 'colon') throw broken();
        next = 'value';
        return undefined;
      case ',':
        if (next !== 'comma') throw broken();
        next = open.at(-1) === true ? 'value' : 'name';
        return undefined;
      default:
        throw unexpected();
    }
  }

  function unexpected(): MalformedImport {
    return next === 'document' && !isBegun
      ? new MalformedImport('must be an object with keys, or a list of them', 'body')
      : broken();
  }

  return {
    *read(part: string): Generator<JsonPart> {
      for (let at = 0; at < part.length; at += 1) {
        if (text !== null) {
          at = readText(part, at);
          if (at < part.length) yield endText();
          continue;
        }
        const char = part.charAt(at);
        if (scalarChars.has(char)) {
          inScalar.lastIndex = at;
          const end = inScalar.exec(part)?.index ?? part.length;
          word += part.slice(at, end);
          if (word.length > 100) throw unexpected();
          at = end - 1;
          continue;
        }
        if (word !== '') yield endWord();
        if (char === '\n') line += 1;
        else if (char === '"') {
          if (next === 'colon' || next === 'comma' || next === 'document') throw unexpected();
          text = '';
        } else if (char !== ' ' && char !== '\t' && char !== '\r') {
          const found = structure(char);
          if (found !== undefined) yield found;
        }
      }
    },
    /** Throws {@link MalformedImport} when something is open. */
    end(): void {
      if (word !== '') throw unexpected();
      if (open.length > 0 || text !== null) {
        throw new MalformedImport('the body ends in the middle');
      }
    },
  };
}
