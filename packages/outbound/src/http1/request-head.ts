import type { UpstreamRequest } from '../upstream-dispatcher.ts';

/** How the body of a request is told from what follows it (RFC 9112 6). */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly sizeBytes: number }
  | { readonly kind: 'chunked' };

/** What is written before the body of a request. */
export interface RequestHead {
  /** Latin-1. */
  readonly text: string;
  readonly framing: BodyFraming;
  /** The host that the request's own headers name, if they do: the server's certificate must be for it. */
  readonly namedHost: string | null;
}

const none: BodyFraming = { kind: 'none' };
const chunked: BodyFraming = { kind: 'chunked' };

const notAToken = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/;
// Whatever else is in a value ends the header or is not for the wire (RFC 9110 5.5).
const notAValue = /[^\t\x20-\x7e\x80-\xff]/;
const notATarget = /[^\x21-\x7e\x80-\xff]/;
const framed = /^(?:connection|keep-alive|transfer-encoding|upgrade|expect)$/i;

/** Methods whose requests say that they have no body (RFC 9110 8.6). */
const expectBody = new Set(['POST', 'PUT', 'PATCH']);

/** Writes the head of a request to `host`, unless its headers name another. Throws a TypeError that names what cannot be written. */
export function requestHead(request: UpstreamRequest, host: string): RequestHead {
  const { method, path, headers, body, upgrade } = request;
  if (method === '' || notAToken.test(method)) throw new TypeError('the method is not a token');
  if (!path.startsWith('/') && !/^https?:\/\//.test(path)) {
    throw new TypeError('the path does not begin with a slash');
  }
  if (notATarget.test(path)) throw new TypeError('the path has characters that must be escaped');
  let lines = '';
  let hostLine = `host: ${host}\r\n`;
  let namedHost: string | null = null;
  let lengthBytes: number | null = null;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    if (name === '' || notAToken.test(name)) throw new TypeError(`no header is named ${name}`);
    if (notAValue.test(value)) throw new TypeError(`the header ${name} has forbidden characters`);
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'host') {
          hostLine = `${name}: ${value}\r\n`;
          namedHost = value;
          continue;
        }
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') {
          if (lengthBytes !== null || !/^\d{1,15}$/.test(value)) {
            throw new TypeError('the header content-length is not one number');
          }
          lengthBytes = Number(value);
        }
        break;
      case 6:
      case 7:
      case 10:
      case 17:
        if (framed.test(name)) throw new TypeError(`the header ${name} is of one connection`);
        break;
    }
    lines += `${name}: ${value}\r\n`;
  }
  const framing = framingOf(body, lengthBytes);
  if (framing === chunked) lines += 'transfer-encoding: chunked\r\n';
  else if (lengthBytes === null && framing.kind === 'length') {
    lines += `content-length: ${framing.sizeBytes}\r\n`;
  } else if (lengthBytes === null && expectBody.has(method)) lines += 'content-length: 0\r\n';
  const connection =
    upgrade === undefined
      ? 'connection: keep-alive\r\n'
      : `connection: upgrade\r\nupgrade: ${checkedProtocol(upgrade)}\r\n`;
  const text = `${method} ${path} HTTP/1.1\r\n${hostLine}${connection}${lines}\r\n`;
  return { text, framing, namedHost };
}

function framingOf(body: UpstreamRequest['body'], lengthBytes: number | null): BodyFraming {
  if (body === null) {
    if (lengthBytes !== null && lengthBytes > 0) throw new TypeError('there is no body to send');
    return none;
  }
  if (!Buffer.isBuffer(body)) {
    return lengthBytes === null ? chunked : { kind: 'length', sizeBytes: lengthBytes };
  }
  if (lengthBytes !== null && lengthBytes !== body.length) {
    throw new TypeError(
      `the header content-length says ${lengthBytes}, the body has ${body.length}`,
    );
  }
  return { kind: 'length', sizeBytes: body.length };
}

function checkedProtocol(upgrade: string): string {
  if (upgrade === '' || notAValue.test(upgrade)) throw new TypeError('no protocol is named so');
  return upgrade;
}
