import { OutboundError } from '../outbound-error.ts';

/** The head of an answer. */
export interface ResponseHead {
  readonly minorVersion: number;
  readonly status: number;
  readonly statusText: string;
  /** Names and values in turn, as they came but for spaces around values. */
  readonly headers: string[];
}

/** The error for what is no HTTP/1.1 answer. */
export function invalidResponse(why: string): OutboundError {
  return new OutboundError('INVALID_RESPONSE', `the upstream's answer is not HTTP/1.1: ${why}`);
}

// A line ends with CRLF alone, and no control but a tab is in one (RFC 9112 2.2, RFC 9110 5.5): what one side takes for the
// end of a line and another does not is how answers are smuggled.
const notInAHead = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/;
const notAToken = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/;

/** Reads a head, Latin-1 without the empty line at its end (RFC 9112 4, 5). Throws an OutboundError for what is none. */
export function readResponseHead(text: string): ResponseHead {
  if (notInAHead.test(text)) throw invalidResponse('forbidden characters in its head');
  let from = text.indexOf('\r\n');
  const statusLine = from === -1 ? text : text.slice(0, from);
  const match = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/.exec(statusLine);
  if (match === null)
    throw invalidResponse(`it begins with ${JSON.stringify(statusLine.slice(0, 60))}`);
  const headers: string[] = [];
  while (from !== -1) {
    const start = from + 2;
    from = text.indexOf('\r\n', start);
    const end = from === -1 ? text.length : from;
    const colon = text.indexOf(':', start);
    if (colon === -1 || colon >= end) throw invalidResponse('a header without a colon');
    const name = text.slice(start, colon);
    // A space before the colon and a folded line end here, too (RFC 9112 5.1, 5.2).
    if (name === '' || notAToken.test(name)) {
      throw invalidResponse(`a header named ${JSON.stringify(name.slice(0, 60))}`);
    }
    headers.push(name, trimmed(text, colon + 1, end));
  }
  return {
    minorVersion: match[1] === '1' ? 1 : 0,
    status: Number(match[2]),
    statusText: match[3] ?? '',
    headers,
  };
}

function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
