import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LiveGroup } from '../../live-config/live-group.ts';
import type { Admitted } from '../admit/admit.ts';
import type { LogRecord } from '../row/log-record.ts';
import type { RequestBody } from '../body/request-body.ts';
import type { RequestHeaders } from '../headers/request-headers.ts';

/** Longest body that is logged, in bytes. */
const maxLoggedBytes = 65_536;

/** A request that was admitted, read and authenticated. */
export interface ExchangeRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly group: LiveGroup;
  readonly record: LogRecord;
  readonly headers: RequestHeaders;
  readonly body: RequestBody;
  readonly path: string;
  readonly query: string;
  readonly bodyModel: string | null;
  readonly streaming: boolean;
  /** Added to every answer: CORS. */
  readonly extraHeaders: readonly string[];
  /** `x-keymux-via` of the requests that go out. */
  readonly via: string;
}

/** What an admitted request asks for, now that its body is there; its record is told too. */
export function exchangeRequest(
  { group, record, headers, address }: Admitted,
  rest: Pick<ExchangeRequest, 'req' | 'res' | 'body' | 'extraHeaders'> & {
    readonly instance: string;
  },
): ExchangeRequest {
  const { req, res, body, extraHeaders, instance } = rest;
  const { path, query } = address;
  const { asked } = body;
  record.model = group.channel.modelOf({ path, bodyModel: asked.model });
  record.modelSent = record.model;
  record.streaming = group.channel.isStreaming({
    method: record.method,
    path,
    query,
    accept: headers.accept,
    bodyStream: asked.stream ?? undefined,
  });
  record.bytesIn = body.lengthBytes ?? body.sizeBytes;
  if (group.settings.logBodies && body.head.length > 0) {
    record.body = body.head.toString('utf8', 0, maxLoggedBytes);
  }
  return {
    req,
    res,
    group,
    record,
    headers,
    body,
    path,
    query,
    bodyModel: asked.model,
    streaming: record.streaming,
    extraHeaders,
    via: viaOf(headers, instance),
  };
}

/** `x-keymux-via` of what goes out: who brought the request so far, and this installation. */
export function viaOf({ via }: Pick<RequestHeaders, 'via'>, instance: string): string {
  return via === null ? instance : `${via}, ${instance}`;
}
