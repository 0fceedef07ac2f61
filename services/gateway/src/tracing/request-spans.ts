import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import type { LogRecord } from '../proxy/row/log-record.ts';
import type { TraceParent } from '../proxy/headers/traceparent.ts';

/** Makes the spans of a request that ended; gives the id of its trace, or null when it is not traced. */
export type RequestSpans = (record: LogRecord, endMs: number) => string | null;

/**
 * A span of a request with one of each attempt in it, made when the request is over: on its way it costs nothing.
 * Names as in OpenTelemetry's conventions for HTTP and generative AI; what those have no name for is `keymux.*`.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function createRequestSpans(tracer: Tracer): RequestSpans {
  return (record, endMs) => {
    const span = tracer.startSpan(
      `${record.method} /proxy/${record.group}`,
      { kind: SpanKind.SERVER, startTime: record.startMs },
      contextOf(record.traceParent),
    );
    if (!span.isRecording()) return null;
    span.setAttributes(requestAttributes(record));
    if (record.status >= 500) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: record.error ?? '' });
      span.setAttribute('error.type', String(record.status));
    }
    const inside = trace.setSpan(ROOT_CONTEXT, span);
    for (const [at, attempt] of record.attempts.entries()) {
      const startTime = record.attemptStartsMs[at] ?? record.startMs;
      attemptSpan(tracer, inside, { at, attempt, startTime });
    }
    span.end(endMs);
    return span.spanContext().traceId;
  };
}

function attemptSpan(
  tracer: Tracer,
  inside: Context,
  about: { at: number; attempt: LogRecord['attempts'][number]; startTime: number },
): void {
  const { at, attempt, startTime } = about;
  const span = tracer.startSpan(
    'attempt',
    {
      kind: SpanKind.CLIENT,
      startTime,
      attributes: {
        'server.address': attempt.upstream,
        'http.request.resend_count': at,
        'keymux.key_id': attempt.key_id,
        'keymux.key': attempt.key,
        'keymux.verdict': attempt.verdict,
        'keymux.rule': attempt.rule,
      },
    },
    inside,
  );
  if (attempt.status !== null) span.setAttribute('http.response.status_code', attempt.status);
  if (attempt.status === null || attempt.status >= 400) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute(
      'error.type',
      attempt.status === null ? attempt.rule : String(attempt.status),
    );
  }
  span.end(startTime + attempt.ms);
}

function requestAttributes(record: LogRecord): Attributes {
  const all: Record<string, string | number | boolean | null> = {
    'http.request.method': record.method,
    'http.response.status_code': record.status,
    'url.path': record.path.split('?', 1)[0] ?? '',
    'client.address': record.sourceIp,
    'user_agent.original': record.userAgent,
    'gen_ai.request.model': record.model,
    'gen_ai.usage.input_tokens': record.tokens.input,
    'gen_ai.usage.output_tokens': record.tokens.output,
    'keymux.request_id': record.requestId,
    'keymux.group': record.group,
    'keymux.aggregate': record.aggregate,
    'keymux.model_sent': record.modelSent,
    'keymux.proxy_key': record.proxyKey?.name ?? null,
    'keymux.streaming': record.streaming,
    'keymux.at_fault': record.atFault,
    'keymux.ttfb_ms': record.ttfbMs,
    'keymux.revision': record.revision,
  };
  const known: Attributes = {};
  for (const [name, value] of Object.entries(all)) if (value !== null) known[name] = value;
  return known;
}

function contextOf(parent: TraceParent | null): Context {
  if (parent === null) return ROOT_CONTEXT;
  const traceFlags = parent.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const { traceId, spanId } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
