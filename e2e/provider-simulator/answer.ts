/** How a reply's body ends: as it should, cut by a reset, closed short of its length, or never. */
export type Ending = 'end' | 'reset' | 'cut' | 'hang';

/** Names and values, in order and case. */
export type HeaderList = readonly (readonly [string, string])[];

/** When and how a reply is sent; all times in milliseconds. */
export interface Manner {
  readonly beforeHeadersMs?: number;
  readonly beforeFirstByteMs?: number;
  readonly betweenChunksMs?: number;
  readonly ending?: Ending;
  /** With an ending other than `end`: how many chunks are sent before it. */
  readonly endAfterChunks?: number;
}

/** An ordinary answer; each chunk is written on its own. */
export interface Reply extends Manner {
  readonly kind: 'reply';
  readonly status: number;
  readonly statusText?: string;
  readonly headers: HeaderList;
  readonly chunks: readonly Buffer[] | AsyncIterable<Buffer>;
}

/** What the simulator does with a request. */
export type Answer =
  | Reply
  /** What it would have answered unasked, in another manner and with more headers. */
  | (Manner & { readonly kind: 'usual'; readonly headers?: HeaderList })
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  /** Bytes straight onto the socket: invalid HTTP. */
  | { readonly kind: 'raw'; readonly bytes: Buffer; readonly after: 'close' | 'hang' };

/** The moment that all simulated answers are from, so that two runs give the same bytes. */
export const simulatedDate = 'Tue, 24 Nov 2026 10:00:00 GMT';

/** An answer of JSON. */
export function json(
  status: number,
  value: unknown,
  headers: HeaderList = [],
  manner: Manner = {},
): Reply {
  const body = Buffer.from(JSON.stringify(value, null, 2));
  return bytes(status, 'application/json', body, headers, manner);
}

/** An answer of bytes, in one chunk, with its length. */
export function bytes(
  status: number,
  contentType: string,
  body: Buffer,
  headers: HeaderList = [],
  manner: Manner = {},
): Reply {
  return {
    kind: 'reply',
    status,
    headers: [
      ['Date', simulatedDate],
      ['Content-Type', contentType],
      ['Content-Length', String(body.length)],
      ...headers,
    ],
    chunks: body.length === 0 ? [] : [body],
    ...manner,
  };
}

/** A stream of server-sent events, one chunk each. */
export function eventStream(
  events: readonly (string | Buffer)[] | AsyncIterable<Buffer>,
  headers: HeaderList = [],
  manner: Manner = {},
): Reply {
  return {
    kind: 'reply',
    status: 200,
    headers: [
      ['Date', simulatedDate],
      ['Content-Type', 'text/event-stream; charset=utf-8'],
      ['Cache-Control', 'no-cache'],
      ...headers,
    ],
    chunks: Array.isArray(events) ? events.map((each) => Buffer.from(each)) : asStream(events),
    ...manner,
  };
}

function asStream(events: readonly (string | Buffer)[] | AsyncIterable<Buffer>) {
  if (Symbol.asyncIterator in events) return events;
  return events.map((each) => Buffer.from(each));
}

/** One server-sent event of JSON data. */
export function event(data: unknown, name?: string): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return name === undefined ? `data: ${text}\n\n` : `event: ${name}\ndata: ${text}\n\n`;
}
