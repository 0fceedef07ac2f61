import { isIP } from 'node:net';

/** A value that stops the start; the message never repeats a secret. */
export interface InvalidEnvironment {
  readonly kind: 'invalid';
  readonly variable: string;
  readonly message: string;
}

/** A value, or what is wrong with the text: a sentence that goes on after the variable's name. */
export type Parsed<T> = { kind: 'value'; value: T } | { kind: 'wrong'; message: string };

/** One environment variable: its name, what it means, how its text is read. */
export interface Variable<T> {
  readonly name: string;
  readonly help: string;
  /** For a person: what may be written. */
  readonly type: string;
  /** For a person; empty when there is none. */
  readonly defaultText: string;
  /** May also be given as the name of a file that holds it, in `NAME_FILE`. */
  readonly secret: boolean;
  /** Other spellings that count when the name itself is not set. */
  readonly aliases: readonly string[];
  readonly fallback: T;
  parse(text: string): Parsed<T>;
}

const value = <T>(parsed: T): Parsed<T> => ({ kind: 'value', value: parsed });
const wrong = (message: string): { kind: 'wrong'; message: string } => ({ kind: 'wrong', message });

interface About {
  readonly help: string;
  readonly secret?: boolean;
  readonly aliases?: readonly string[];
}

function variable<T>(
  name: string,
  about: About,
  rest: Pick<Variable<T>, 'type' | 'defaultText' | 'fallback' | 'parse'>,
): Variable<T> {
  return { name, secret: false, aliases: [], ...about, ...rest };
}

/** Reads a whole number in a range. */
export function parseInteger(
  text: string,
  { min, max }: { min: number; max: number },
): Parsed<number> {
  const number = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return value(number);
  return wrong(`must be a whole number from ${min} to ${max}`);
}

/** Reads true, false, 1 or 0. */
export function parseBoolean(text: string): Parsed<boolean> {
  if (/^(true|1)$/i.test(text)) return value(true);
  if (/^(false|0)$/i.test(text)) return value(false);
  return wrong('must be true or false');
}

/** Reads an address with one of some schemes; never repeats it, since it may hold credentials. */
export function parseAddress(text: string, schemes: readonly string[]): Parsed<string> {
  const scheme = URL.canParse(text) ? new URL(text).protocol.slice(0, -1) : undefined;
  if (scheme !== undefined && schemes.includes(scheme) && new URL(text).host !== '') {
    return value(text);
  }
  return wrong(`must be an address such as ${schemes[0]}://example.com`);
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** A whole number in a range. */
export function integer(
  name: string,
  range: { default: number; min: number; max: number },
  about: About,
): Variable<number> {
  return variable(name, about, {
    type: `${range.min} to ${range.max}`,
    defaultText: String(range.default),
    fallback: range.default,
    parse: (text) => parseInteger(text, range),
  });
}

/** A time in seconds, read as milliseconds. */
export function seconds(
  name: string,
  range: { default: number; min: number; max: number },
  about: About,
): Variable<number> {
  return variable(name, about, {
    type: `seconds, ${range.min} to ${range.max}`,
    defaultText: String(range.default),
    fallback: range.default * 1000,
    parse(text) {
      const parsed = parseInteger(text, range);
      return parsed.kind === 'value' ? value(parsed.value * 1000) : parsed;
    },
  });
}

/** True or false; false unless set. */
export function flag(name: string, about: About): Variable<boolean> {
  return variable(name, about, {
    type: 'true or false',
    defaultText: 'false',
    fallback: false,
    parse: parseBoolean,
  });
}

/** One of some words, in any case. */
export function oneOf<const Word extends string>(
  name: string,
  words: readonly Word[],
  options: About & { default: Word },
): Variable<Word> {
  const { default: fallback, ...about } = options;
  return variable(name, about, {
    type: words.join(', '),
    defaultText: fallback,
    fallback,
    parse(text) {
      const word = words.find((each) => each === text.toLowerCase());
      return word === undefined ? wrong(`must be one of ${words.join(', ')}`) : value(word);
    },
  });
}

/** Any text; `check` says what is wrong with it. */
export function text(
  name: string,
  options: About & { default: string; check?: (text: string) => string | undefined },
): Variable<string> {
  const { default: fallback, check, ...about } = options;
  return variable(name, about, {
    type: 'text',
    defaultText: fallback,
    fallback,
    parse(given) {
      const message = check?.(given);
      return message === undefined ? value(given) : wrong(message);
    },
  });
}

/** Addresses of equals, each a scheme, a host and a port; comma separated, one at least. */
export function addresses(
  name: string,
  options: About & { default: string; schemes: readonly string[] },
): Variable<readonly string[]> {
  const { default: fallback, schemes, ...about } = options;
  return variable<readonly string[]>(name, about, {
    type: `comma list of ${schemes.join(' or ')} addresses`,
    defaultText: fallback,
    fallback: Object.freeze([fallback]),
    parse(given) {
      const origins: string[] = [];
      for (const each of splitList(given)) {
        const parsed = parseAddress(each, schemes);
        if (parsed.kind === 'wrong') return parsed;
        const { origin, pathname, search, username, password } = new URL(each);
        if (`${pathname}${search}${username}${password}` !== '/') {
          return wrong('must be addresses of a scheme, a host and a port, and nothing more');
        }
        origins.push(origin);
      }
      if (origins.length === 0) return wrong('must have an address');
      return value(Object.freeze(origins));
    },
  });
}

/** A text that is undefined unless set; `check` says what is wrong with it. */
export function optional(
  name: string,
  options: About & {
    type: string;
    defaultText?: string;
    check?: (text: string) => string | undefined;
  },
): Variable<string | undefined> {
  const { type, defaultText = '', check, ...about } = options;
  return variable<string | undefined>(name, about, {
    type,
    defaultText,
    fallback: undefined,
    parse(given) {
      const message = check?.(given);
      return message === undefined ? value(given) : wrong(message);
    },
  });
}

/** A comma list; `check` says what is wrong with an entry. */
export function list(
  name: string,
  options: About & {
    type: string;
    default?: readonly string[];
    check?: (entry: string) => string | undefined;
  },
): Variable<readonly string[]> {
  const { type, default: fallback = [], check, ...about } = options;
  return variable<readonly string[]>(name, about, {
    type,
    defaultText: fallback.join(','),
    fallback,
    parse(given) {
      const entries = splitList(given);
      const message = entries.map((each) => check?.(each)).find((each) => each !== undefined);
      return message === undefined ? value(Object.freeze(entries)) : wrong(message);
    },
  });
}

/** A whole number in a range, or `auto`. */
export function integerOrAuto(
  name: string,
  range: { default: number; min: number; max: number; auto: () => number },
  about: About,
): Variable<number> {
  return variable(name, about, {
    type: `${range.min} to ${range.max}, or auto`,
    defaultText: String(range.default),
    fallback: range.default,
    parse(given) {
      if (given.toLowerCase() === 'auto') return value(range.auto());
      const parsed = parseInteger(given, range);
      return parsed.kind === 'value' ? parsed : wrong(`${parsed.message}, or auto`);
    },
  });
}

/** What is wrong with an entry that should be an IP address or a CIDR block. */
export function checkCidr(entry: string): string | undefined {
  const [address = '', prefix, ...rest] = entry.split('/');
  const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : 0;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (bits > 0 && length >= 0 && length <= bits && rest.length === 0) return undefined;
  return `must be a comma list of addresses or blocks such as 10.0.0.0/8; ${JSON.stringify(entry)} is none`;
}

/** What is wrong with an entry that should be an origin or `*`. */
export function checkOrigin(entry: string): string | undefined {
  if (entry === '*' || (URL.canParse(entry) && new URL(entry).origin === entry)) return undefined;
  return `must be a comma list of origins such as https://example.com, or *; ${JSON.stringify(entry)} is none`;
}

/** What is wrong with the name of a time zone. */
export function checkTimeZone(name: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return undefined;
  } catch {
    // RangeError is how Intl says that it does not know a zone.
    return `must be a time zone such as Europe/Berlin; ${JSON.stringify(name)} is none`;
  }
}
