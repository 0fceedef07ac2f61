import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Most bytes of a request's body that a hit keeps. */
const keptBytes = 4 * 1024 * 1024;

/** One request as it arrived; times are epoch ms. */
export interface Hit {
  readonly number: number;
  readonly method: string;
  /** As on the request line. */
  readonly url: string;
  readonly path: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingHttpHeaders;
  /** The credential presented, in whichever place; null when there is none. */
  readonly key: string | null;
  readonly port: number;
  /** Tells connections apart. */
  readonly remotePort: number;
  readonly startedAt: number;
  body: Buffer;
  bodyBytes: number;
  bodySha256: string;
  model: string | null;
  /** The client went away before the answer's end. */
  aborted: boolean;
  /** The answer was handed over whole. */
  answered: boolean;
  endedAt: number | null;
}

/** What a wire format answers to. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body where it is a JSON object, else empty. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly key: string | null;
}

/** The credential of a request: the provider's header, else `?key=`. */
export function presentedKey(headers: IncomingHttpHeaders, query: URLSearchParams): string | null {
  const bearer = /^bearer\s+(.*)$/i.exec(headers.authorization ?? '')?.[1];
  const single = (value: string | string[] | undefined) =>
    typeof value === 'string' ? value : undefined;
  return (
    bearer ??
    single(headers['x-api-key']) ??
    single(headers['x-goog-api-key']) ??
    query.get('key') ??
    null
  );
}

/** Starts the record of a request that arrives. */
export function openHit(req: IncomingMessage, number: number): { hit: Hit; asked: Asked } {
  const url = req.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
  const key = presentedKey(req.headers, query);
  const method = req.method ?? 'GET';
  const hit: Hit = {
    number,
    method,
    url,
    path,
    rawHeaders: [...req.rawHeaders],
    headers: req.headers,
    key,
    port: req.socket.localPort ?? 0,
    remotePort: req.socket.remotePort ?? 0,
    startedAt: Date.now(),
    body: Buffer.alloc(0),
    bodyBytes: 0,
    bodySha256: '',
    model: null,
    aborted: false,
    answered: false,
    endedAt: null,
  };
  const asked: Asked = {
    method,
    path,
    query,
    headers: req.headers,
    body: hit.body,
    json: {},
    key,
  };
  return { hit, asked };
}

/** Reads the body, once it is there whole; `keep` says whether the hit remembers it. */
export function closeBody(hit: Hit, asked: Asked, body: Buffer, keep: boolean): Asked {
  hit.bodyBytes = body.length;
  if (keep) {
    hit.body = body.subarray(0, keptBytes);
    hit.bodySha256 = createHash('sha256').update(body).digest('hex');
  }
  const json = parseObject(body, asked.headers['content-type']);
  hit.model = modelOf(asked.path, json);
  return { ...asked, body, json };
}

function parseObject(body: Buffer, contentType: string | undefined): Record<string, unknown> {
  if (body.length === 0 || contentType?.startsWith('multipart/') === true) return {};
  try {
    const value: unknown = JSON.parse(body.toString());
    return isRecord(value) ? value : {};
  } catch {
    return {}; // not JSON: an upload
  }
}

/** Whether a value is an object with names. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function modelOf(path: string, json: Readonly<Record<string, unknown>>): string | null {
  const inPath = /\/models\/([^/:]+)/.exec(path)?.[1];
  if (inPath !== undefined) return inPath;
  return typeof json['model'] === 'string' ? json['model'] : null;
}
