import { type Entry, type EntryReader, MalformedImport, readEntry } from './entry.ts';
import { createJsonScanner, type JsonPart } from './json-scanner.ts';
import { indexOfKeys, namesKeys } from './key-names.ts';

/** What the exports of gateways call their list of keys. */
const listNames = new Set(['keys', 'api_keys', 'apikeys', 'tokens', 'data', 'items', 'results']);

/** An object may repeat its names, and is not to fill the memory. */
const mostNames = 16;

const noKey = 'has no key in a field such as key, api_key or token';

/** An object that is being read: a key with what belongs to it, or what stands around a list. */
interface Open {
  /** Names of keys, and what they hold: texts that are not empty. */
  readonly names: string[];
  readonly texts: string[];
  /** Lists of keys that were in it. */
  lists: number;
  /** Why nothing may be found in it: the field that looks most like it was meant. */
  wrong: { readonly field: string; readonly message: string; readonly weight: number } | null;
}

type Place =
  /** Between documents. */
  | { readonly in: 'nothing' }
  /** In an object that stands for itself, behind the name of a field. */
  | { readonly in: 'document'; readonly of: Open; readonly line: number; name: string }
  | { readonly in: 'list'; readonly name: string; readonly around: Place; index: number }
  | { readonly in: 'item'; readonly of: Open; readonly around: Place; name: string };

/**
 * Reads keys from JSON piece by piece: lists of texts, or of objects with a field of a key, by themselves
 * or in a field such as `keys` or `data`; and such objects one after the other, as in JSON lines. Throws
 * {@link MalformedImport} for anything else. An entry's line is its place in a list, or the line it begins in.
 */
export function createJsonReader(): EntryReader {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const scanner = createJsonScanner();
  let place: Place = { in: 'nothing' };
  /** How deep in what no key is looked for in. */
  let skipped = 0;
  let documents = 0;
  /** The names of fields that were seen: whether they are those of keys. */
  const known = new Map<string, boolean>();
  /** The first object had no key: all is wrong, unless others follow. */
  let first: { readonly line: number; readonly error: MalformedImport } | null = null;

  function decode(chunk: Uint8Array | undefined): string {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      // The decoder throws for nothing else.
      throw new MalformedImport('the body is not UTF-8');
    }
  }

  function isKey(name: string): boolean {
    let is = known.get(name);
    if (is === undefined) {
      is = namesKeys(name);
      if (known.size < 1_000) known.set(name, is);
    }
    return is;
  }

  function* takeAll(parts: Iterable<JsonPart>): Generator<Entry> {
    for (const part of parts) {
      const entry = take(part);
      if (entry !== undefined) yield entry;
    }
  }

  function take(part: JsonPart): Entry | undefined {
    if (skipped > 0) {
      if (part.kind === 'open') skipped += 1;
      else if (part.kind === 'close') skipped -= 1;
      return undefined;
    }
    switch (place.in) {
      case 'nothing':
        return begin(part);
      case 'list':
        return takeItem(part, place);
      case 'document':
      case 'item':
        return takeField(part, place);
      default:
        return place satisfies never;
    }
  }

  function begin(part: JsonPart): Entry | undefined {
    if (part.kind !== 'open') {
      throw new MalformedImport('must be an object with keys, or a list of them', 'body');
    }
    documents += 1;
    const before = first;
    first = null;
    place = part.isList
      ? { in: 'list', name: 'keys', around: place, index: 0 }
      : { in: 'document', of: newOpen(), line: part.line, name: '' };
    return before === null ? undefined : { kind: 'invalid', line: before.line, reason: noKey };
  }

  function takeItem(part: JsonPart, list: Extract<Place, { in: 'list' }>): Entry | undefined {
    if (part.kind === 'close') {
      place = list.around;
      return undefined;
    }
    list.index += 1;
    if (part.kind === 'text') {
      return part.text === '' ? undefined : readEntry(part.text, list.index);
    }
    if (part.kind !== 'open' || part.isList) {
      const field = `${list.name}[${list.index - 1}]`;
      throw new MalformedImport('must be text, or an object with a key', field);
    }
    place = { in: 'item', of: newOpen(), around: list, name: '' };
    return undefined;
  }

  function takeField(
    part: JsonPart,
    object: Extract<Place, { in: 'document' | 'item' }>,
  ): Entry | undefined {
    const { of, name } = object;
    switch (part.kind) {
      case 'name':
        object.name = part.text;
        return undefined;
      case 'close':
        return object.in === 'item' ? endItem(object) : endDocument(object);
      case 'open':
        if (object.in === 'document' && part.isList && listNames.has(name.toLowerCase())) {
          of.lists += 1;
          place = { in: 'list', name, around: object, index: 0 };
          return undefined;
        }
        if (isFirst(object)) blame(of, name, part.isList);
        skipped = 1;
        return undefined;
      case 'text':
        // Here `keys` are many.
        if (part.text !== '' && isKey(name) && !(object.in === 'document' && isList(name))) {
          if (of.names.length >= mostNames) return undefined;
          of.names.push(name);
          of.texts.push(part.text);
        } else if (isFirst(object)) blame(of, name, false);
        return undefined;
      case 'other':
        if (isFirst(object)) blame(of, name, false);
        return undefined;
      default:
        return part satisfies never;
    }
  }

  /** Only what begins the import is refused as a whole. */
  const isFirst = (object: { readonly in: 'document' | 'item' }): boolean =>
    object.in === 'document' && documents === 1;

  function endItem({ of, around }: Extract<Place, { in: 'item' }>): Entry {
    place = around;
    const line = around.in === 'list' ? around.index : 0;
    const key = keyOf(of);
    return key === undefined ? { kind: 'invalid', line, reason: noKey } : readEntry(key, line);
  }

  function endDocument({ of, line }: Extract<Place, { in: 'document' }>): Entry | undefined {
    place = { in: 'nothing' };
    if (of.lists > 0) return undefined;
    const key = keyOf(of);
    if (key !== undefined) return readEntry(key, line);
    if (documents > 1) return { kind: 'invalid', line, reason: noKey };
    const { field, message } = of.wrong ?? { field: 'keys', message: 'is required' };
    first = { line, error: new MalformedImport(message, field) };
    return undefined;
  }

  return {
    push: (chunk) => takeAll(scanner.read(decode(chunk))),
    *end() {
      yield* takeAll(scanner.read(decode(undefined)));
      scanner.end();
      if (documents === 0) throw new MalformedImport('the body is empty');
      if (first !== null) throw first.error;
    },
  };
}

const newOpen = (): Open => ({ names: [], texts: [], lists: 0, wrong: null });
const isList = (name: string): boolean => listNames.has(name.toLowerCase());
const keyOf = ({ names, texts }: Open): string | undefined => texts[indexOfKeys(names)];

function blame(of: Open, name: string, hasList: boolean): void {
  const [weight, message] = isList(name)
    ? [3, 'must be a list']
    : namesKeys(name)
      ? [2, 'must be text that is not empty']
      : [hasList ? 1 : 0, 'is not a known field'];
  if (of.wrong === null || weight > of.wrong.weight) {
    of.wrong = { field: name.slice(0, 100), message, weight };
  }
}
