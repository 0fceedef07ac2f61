import type { AtFault, Attempt, ChannelName, LogRow, Tokens } from '@keymux/contracts';
import { asciiJson } from '../../ascii-json.ts';
import type { ProxyKeyName } from '../../live-config/proxy-key-names.ts';
import type { TraceParent } from '../headers/traceparent.ts';

/** Longest error text of a row, in bytes. */
const maxErrorBytes = 2_048;
/** Longest body that is kept when a group logs bodies, in bytes. */
const maxBodyBytes = 65_536;
const maxFieldLength = 500;

/** What is gathered of a request on its way; becomes its log row. */
export interface LogRecord {
  readonly requestId: string;
  readonly startMs: number;
  readonly method: string;
  path: string;
  group: string;
  aggregate: string | null;
  channel: ChannelName | null;
  proxyKey: ProxyKeyName | null;
  model: string | null;
  modelSent: string | null;
  streaming: boolean;
  status: number;
  atFault: AtFault | null;
  error: string | null;
  readonly attempts: Attempt[];
  /** Each of them as JSON. */
  readonly attemptTexts: string[];
  /** When each of them began. */
  readonly attemptStartsMs: number[];
  /** The key that succeeded. */
  keyId: string | null;
  ttfbMs: number | null;
  bytesIn: number;
  bytesOut: number;
  tokens: Tokens;
  sourceIp: string;
  userAgent: string | null;
  revision: number;
  /** The client's span. */
  traceParent: TraceParent | null;
  traceId: string | null;
  upstreamRequestId: string | null;
  body: string | null;
}

const noTokens: Tokens = { input: null, output: null, cached: null, reasoning: null };

/** A record of a request that has just come. */
export function newRecord(
  about: Pick<LogRecord, 'requestId' | 'startMs' | 'method' | 'path' | 'sourceIp' | 'revision'>,
): LogRecord {
  const { requestId, startMs, method, path, sourceIp, revision } = about;
  return {
    requestId,
    startMs,
    method,
    path,
    group: '-',
    aggregate: null,
    channel: null,
    proxyKey: null,
    model: null,
    modelSent: null,
    streaming: false,
    status: 0,
    atFault: null,
    error: null,
    attempts: [],
    attemptTexts: [],
    attemptStartsMs: [],
    keyId: null,
    ttfbMs: null,
    bytesIn: 0,
    bytesOut: 0,
    tokens: noTokens,
    sourceIp,
    userAgent: null,
    revision,
    traceParent: null,
    traceId: null,
    upstreamRequestId: null,
    body: null,
  };
}

/** All of a row but what is kept as JSON. */
type RowHead = Omit<LogRow, 'proxy_key' | 'attempts' | 'body'> & {
  /** Undefined is not written. */
  readonly body: string | undefined;
};

/** The row of a request that ends now, as JSON in ASCII. */
export function rowText(
  record: LogRecord,
  { time, durationMs }: { readonly time: string; readonly durationMs: number },
): string {
  const head: RowHead = {
    request_id: record.requestId,
    time,
    group: record.group,
    aggregate: record.aggregate,
    channel: record.channel,
    method: record.method,
    path: record.path.slice(0, 2_048),
    model: short(record.model),
    model_sent: short(record.modelSent),
    streaming: record.streaming,
    status: record.status,
    at_fault: record.atFault,
    error: record.error === null ? null : cutBytes(record.error, maxErrorBytes),
    ttfb_ms: record.ttfbMs,
    duration_ms: durationMs,
    bytes_in: record.bytesIn,
    bytes_out: record.bytesOut,
    tokens: record.tokens,
    source_ip: record.sourceIp,
    user_agent: short(record.userAgent),
    revision: record.revision,
    trace_id: record.traceId,
    upstream_request_id: short(record.upstreamRequestId),
    body: record.body === null ? undefined : cutBytes(record.body, maxBodyBytes),
  };
  const proxyKey = record.proxyKey?.json ?? 'null';
  const attempts = record.attemptTexts.join(',');
  return `${asciiJson(head).slice(0, -1)},"proxy_key":${proxyKey},"attempts":[${attempts}]}`;
}

function short(text: string | null): string | null {
  return text === null || text.length <= maxFieldLength ? text : text.slice(0, maxFieldLength);
}

/** Cuts a text to so many bytes of UTF-8, never inside a character. */
export function cutBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
