import { isJsonObject, parseJson, type JsonObject } from './json-value.ts';

const quote = 0x22;
const backslash = 0x5c;
/** Longest `usage` object that is read, in bytes. */
const maxUsageBytes = 16_384;
/** So many places are looked at from the end before the search gives up. */
const maxTries = 16;

/**
 * Names that begin a field worth parsing for. With their opening quote, so that a word in a text
 * never matches: there the quote would be escaped and JSON's name would not follow.
 */
const usageNeedle = Buffer.from('"usage');
const errorNeedle = Buffer.from('"error');

/** Whether JSON bytes may hold a `usage…` field that is not null. */
export function mayHoldUsage(bytes: Buffer): boolean {
  return holds(bytes, usageNeedle);
}

/** Whether JSON bytes may hold an `error…` field or value that is not null. */
export function mayHoldError(bytes: Buffer): boolean {
  return holds(bytes, errorNeedle);
}

function holds(bytes: Buffer, needle: Buffer): boolean {
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at)) {
    at += needle.length;
    if (!isNullField(bytes, at)) return true;
  }
  return false;
}

/** `":null` or `": null`: many servers send these in every chunk. */
function isNullField(bytes: Buffer, from: number): boolean {
  if (bytes[from] !== quote || bytes[from + 1] !== 0x3a) return false;
  const at = bytes[from + 2] === 0x20 ? from + 3 : from + 2;
  return (
    bytes[at] === 0x6e && bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x6c
  );
}

/**
 * The last usage object in JSON bytes, found from the end without parsing the rest, which may be
 * cut off or megabytes of vectors; null when there is none. Wrapped as it was: `{usage: …}`.
 */
export function lastUsage(bytes: Buffer): JsonObject | null {
  let at = bytes.lastIndexOf(usageNeedle);
  for (let tries = 0; at !== -1 && tries < maxTries; tries += 1) {
    const name = usageNameAt(bytes, at + 1);
    const value = name === null ? null : objectAfter(bytes, at + name.length + 2);
    if (name !== null && value !== null) return { [name]: value };
    at = at === 0 ? -1 : bytes.lastIndexOf(usageNeedle, at - 1);
  }
  return null;
}

function usageNameAt(bytes: Buffer, from: number): 'usage' | 'usageMetadata' | null {
  if (bytes[from + 5] === quote) return 'usage';
  return bytes.toString('latin1', from + 5, from + 14) === 'Metadata"' ? 'usageMetadata' : null;
}

/** The object that is the value of the field whose name ended before `from`. */
function objectAfter(bytes: Buffer, from: number): JsonObject | null {
  let at = skipSpace(bytes, from);
  if (bytes[at] !== 0x3a) return null;
  at = skipSpace(bytes, at + 1);
  if (bytes[at] !== 0x7b) return null;
  const end = objectEnd(bytes, at);
  if (end === -1) return null;
  const value = parseJson(bytes.toString('utf8', at, end));
  return isJsonObject(value) ? value : null;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) {
    at += 1;
  }
  return at;
}

function objectEnd(bytes: Buffer, from: number): number {
  let depth = 0;
  let inText = false;
  const end = Math.min(bytes.length, from + maxUsageBytes);
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at];
    if (inText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === 0x7b) depth += 1;
    else if (byte === 0x7d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}
