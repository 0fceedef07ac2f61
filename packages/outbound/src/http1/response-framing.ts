import { invalidResponse, type ResponseHead } from './response-head.ts';

/** Where the body of an answer ends (RFC 9112 6.3). */
export type ResponseBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly sizeBytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' }
  /** No body: what follows is of another protocol. */
  | { readonly kind: 'upgrade' };

/** What an answer says of its body and of its connection. */
export interface ResponseFraming {
  readonly body: ResponseBody;
  /** Whether the connection can carry another request. */
  readonly keepAlive: boolean;
  /** How long the upstream says that it keeps it, ms. */
  readonly keepAliveMs: number | null;
}

/** Before the upstream would end an idle connection by its own word, so that no request meets that end; ms. */
const earlierMs = 2_000;

/** How long the connection of an answer can take another request, ms; null says no limit, 0 not at all. */
export function restMsOf({ keepAlive, keepAliveMs }: ResponseFraming): number | null {
  if (!keepAlive) return 0;
  return keepAliveMs === null ? null : Math.max(0, keepAliveMs - earlierMs);
}

const none: ResponseBody = { kind: 'none' };
const chunked: ResponseBody = { kind: 'chunked' };
const untilClose: ResponseBody = { kind: 'until-close' };
const upgrade: ResponseBody = { kind: 'upgrade' };

/**
 * Reads how an answer is framed. Throws an OutboundError where two readers could differ: several lengths, a length beside a
 * transfer coding, a coding other than `chunked`.
 */
export function framingOf(
  head: ResponseHead,
  request: { readonly method: string; readonly upgrade: boolean },
): ResponseFraming {
  const { status, headers, minorVersion } = head;
  let lengthBytes: number | null = null;
  let isChunked = false;
  let close = false;
  let kept = false;
  let keepAliveMs: number | null = null;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    switch (name.length) {
      case 10: {
        const lower = name.toLowerCase();
        if (lower === 'connection') {
          close ||= /(?:^|,)\s*close\s*(?:,|$)/i.test(value);
          kept ||= /(?:^|,)\s*keep-alive\s*(?:,|$)/i.test(value);
        } else if (lower === 'keep-alive') {
          const seconds = /(?:^|[,;\s])timeout=(\d{1,9})/i.exec(value)?.[1];
          if (seconds !== undefined) keepAliveMs = Number(seconds) * 1_000;
        }
        break;
      }
      case 14:
        if (name.toLowerCase() !== 'content-length') break;
        if (lengthBytes !== null || !/^\d{1,15}$/.test(value)) {
          throw invalidResponse('its content-length is not one number');
        }
        lengthBytes = Number(value);
        break;
      case 17:
        if (name.toLowerCase() !== 'transfer-encoding') break;
        if (isChunked || value.toLowerCase() !== 'chunked' || minorVersion === 0) {
          throw invalidResponse('a transfer-encoding that is not chunked alone');
        }
        isChunked = true;
        break;
    }
  }
  if (isChunked && lengthBytes !== null) {
    throw invalidResponse('a content-length beside a transfer-encoding');
  }
  const body = bodyOf(status, request, { isChunked, lengthBytes });
  const keepAlive =
    !close && (minorVersion === 1 || kept) && body !== untilClose && body !== upgrade;
  return { body, keepAlive, keepAliveMs };
}

function bodyOf(
  status: number,
  request: { readonly method: string; readonly upgrade: boolean },
  said: { readonly isChunked: boolean; readonly lengthBytes: number | null },
): ResponseBody {
  if (status === 101) {
    if (!request.upgrade) throw invalidResponse('it switches to a protocol that nobody asked for');
    return upgrade;
  }
  if (request.method === 'HEAD' || status < 200 || status === 204 || status === 304) return none;
  if (said.isChunked) return chunked;
  if (said.lengthBytes === null) return untilClose;
  return said.lengthBytes === 0 ? none : { kind: 'length', sizeBytes: said.lengthBytes };
}
