import { withoutNamed } from './connection-headers.ts';

/** Headers of the upstream's connection; Keymux frames the body itself. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const none: readonly string[] = [];

/** The id of the request in the log; on every response. */
export const requestIdHeader = 'x-request-id';
/** The upstream's own request id, which its support asks for. */
export const upstreamRequestIdHeader = 'x-upstream-request-id';

/** What the gateway needs to know of a response's headers; read once. */
export interface ResponseHeaders {
  /** Flat list of names and values for the client, in the order, case and number they came in. */
  readonly forwarded: string[];
  readonly contentLength: number | null;
  /** In lower case, as the encoding. */
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  readonly upstreamRequestId: string | null;
  /** Lower-case names and values of headers that tell of rate limits, in turn. */
  readonly rateLimits: readonly string[];
}

/** Sorts raw headers (names and values in turn) and puts the request's id in. */
export function readResponseHeaders(raw: readonly string[], requestId: string): ResponseHeaders {
  const forwarded: string[] = [];
  let contentLength: number | null = null;
  let contentType: string | null = null;
  let contentEncoding: string | null = null;
  let upstreamRequestId: string | null = null;
  let rateLimits: string[] | undefined;
  let connection: string | null = null;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const original = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    const name = original.toLowerCase();
    if (hopByHop.has(name)) {
      if (name === 'connection')
        connection = connection === null ? value : `${connection},${value}`;
      continue;
    }
    if (name === requestIdHeader) {
      upstreamRequestId = value;
      forwarded.push(upstreamRequestIdHeader, value);
      continue;
    }
    // Anthropic's name for it.
    if (name === 'request-id') upstreamRequestId ??= value;
    else if (name === 'content-length') contentLength = Number(value);
    else if (name === 'content-type') contentType = value.toLowerCase();
    else if (name === 'content-encoding') contentEncoding = value.toLowerCase();
    else if (name.startsWith('x-ratelimit-') || name.startsWith('anthropic-ratelimit-')) {
      (rateLimits ??= []).push(name, value);
    }
    forwarded.push(original, value);
  }
  const kept = withoutNamed(forwarded, connection);
  kept.push(requestIdHeader, requestId);
  return {
    forwarded: kept,
    contentLength,
    contentType,
    contentEncoding,
    upstreamRequestId,
    rateLimits: rateLimits ?? none,
  };
}

/** What the browser's rules are decided by; said twice, by the upstream and by us, browsers refuse the answer. */
const corsDecides = new Set(['access-control-allow-origin', 'access-control-allow-credentials']);

/** An answer's headers with those that CORS adds, which stand for what the upstream says of it. */
export function withCors(forwarded: readonly string[], cors: readonly string[]): string[] {
  if (cors.length === 0) return forwarded.slice();
  const kept: string[] = [];
  for (let at = 0; at + 1 < forwarded.length; at += 2) {
    const name = forwarded[at] ?? '';
    if (corsDecides.has(name.toLowerCase())) continue;
    kept.push(name, forwarded[at + 1] ?? '');
  }
  kept.push(...cors);
  return kept;
}
