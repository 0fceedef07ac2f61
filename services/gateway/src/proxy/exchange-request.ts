import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LiveGroup } from '../live-config/live-group.ts';
import type { LogRecord } from './log-record.ts';
import type { RequestBody } from './request-body.ts';
import type { RequestHeaders } from './request-headers.ts';

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
