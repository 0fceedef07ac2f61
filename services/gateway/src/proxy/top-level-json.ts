/** What the gateway reads of a JSON body without parsing it. */
export interface TopLevel {
  readonly model: string | null;
  readonly stream: boolean | null;
}

const none: TopLevel = { model: null, stream: null };
const quote = 0x22;
const backslash = 0x5c;

/**
 * Finds `model` and `stream` of a JSON object, at its top level only, in one pass over the bytes.
 * A body may be megabytes of images in base64; parsing it to read two fields would cost more than
 * everything else. Works on a prefix of a body too; what is not JSON has neither.
 */
export function readTopLevel(body: Uint8Array): TopLevel {
  let at = skipSpace(body, 0);
  if (body[at] !== 0x7b) return none;
  at = skipSpace(body, at + 1);
  let model: string | null = null;
  let stream: boolean | null = null;
  while (body[at] === quote) {
    const keyEnd = stringEnd(body, at);
    if (keyEnd === -1) break;
    const key = keyEnd - at <= 16 ? latin1(body, at + 1, keyEnd - 1) : '';
    at = skipSpace(body, keyEnd);
    if (body[at] !== 0x3a) break;
    at = skipSpace(body, at + 1);
    const end = valueEnd(body, at);
    if (end === -1) break;
    if (key === 'model' && body[at] === quote) model = parseString(body, at, end) ?? model;
    else if (key === 'stream') {
      if (body[at] === 0x74) stream = true;
      else if (body[at] === 0x66) stream = false;
    }
    at = skipSpace(body, end);
    if (body[at] !== 0x2c) break;
    at = skipSpace(body, at + 1);
  }
  return { model, stream };
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const byte = body[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

/** Position after the closing quote of the string that opens at `from`; -1 when it does not close. */
function stringEnd(body: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    at = body.indexOf(quote, at + 1);
    if (at === -1) return -1;
    let slashes = 0;
    while (body[at - 1 - slashes] === backslash) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
}

function valueEnd(body: Uint8Array, from: number): number {
  const first = body[from];
  if (first === quote) return stringEnd(body, from);
  if (first !== 0x7b && first !== 0x5b) {
    for (let at = from; at < body.length; at += 1) {
      const byte = body[at];
      if (byte === 0x2c || byte === 0x7d || byte === 0x5d) return at;
    }
    return -1;
  }
  let depth = 0;
  for (let at = from; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === quote) {
      at = stringEnd(body, at) - 1;
      if (at < 0) return -1;
    } else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

function latin1(body: Uint8Array, start: number, end: number): string {
  return Buffer.from(body.buffer, body.byteOffset + start, end - start).toString('latin1');
}

function parseString(body: Uint8Array, start: number, end: number): string | null {
  if (end - start > 1_000) return null;
  const text = Buffer.from(body.buffer, body.byteOffset + start, end - start).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : null;
  } catch {
    return null; // a broken escape: the upstream will say so
  }
}
