import { invalidResponse } from './response-head.ts';

/** Longest line before a chunk, its extensions included, in bytes. */
export const maxLineBytes = 16_384;

const lf = 0x0a;
const cr = 0x0d;

/** Where the line that begins at `from` ends, behind its CRLF; -1 when its end has not come. Throws for a line feed alone. */
export function endOfLine(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    if (bytes[at] !== lf) continue;
    if (at === from || bytes[at - 1] !== cr) throw invalidResponse('a line feed alone');
    return at + 1;
  }
  if (bytes.length - from > maxLineBytes) throw invalidResponse('a line without an end');
  return -1;
}

/** The size that the line of a chunk from `from` to `end` says, CRLF included (RFC 9112 7.1); extensions are passed over. */
export function chunkSize(bytes: Buffer, from: number, end: number): number {
  let sizeBytes = 0;
  let at = from;
  for (; at < end - 2; at += 1) {
    const digit = hexDigit(bytes[at] ?? 0);
    if (digit === -1) break;
    sizeBytes = sizeBytes * 16 + digit;
    if (at - from >= 12) throw invalidResponse('a chunk too long');
  }
  if (at === from) throw invalidResponse('a chunk without a size');
  if (
    at < end - 2 &&
    !/^[ \t]*;[\t\x20-\x7e\x80-\xff]*$/.test(bytes.toString('latin1', at, end - 2))
  ) {
    throw invalidResponse('a chunk whose size is not a number');
  }
  return sizeBytes;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
