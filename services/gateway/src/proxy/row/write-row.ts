import type { Clock } from '@keymux/service';
import type { GatewayMetrics } from '../../gateway-metrics.ts';
import type { AwaitsRow, Outbox } from '../../outbox/outbox.ts';
import type { RequestSpans } from '../../tracing/request-spans.ts';
import { createIsoTime } from './iso-time.ts';
import { type LogRecord, rowText } from './log-record.ts';

export interface RowDeps {
  readonly outbox: Outbox;
  readonly metrics: GatewayMetrics;
  readonly clock: Clock;
  /** Null where nothing is traced. */
  readonly spans: RequestSpans | null;
}

const isoTime = createIsoTime();

/** Writes the row of a request that ends now, and counts it; at once, or soon and then tells `awaits`. */
export function writeRow(deps: RowDeps, record: LogRecord, awaits?: AwaitsRow): void {
  const nowMs = deps.clock.now();
  if (deps.spans !== null) record.traceId = deps.spans(record, nowMs) ?? record.traceId;
  const time = isoTime(record.startMs);
  const durationMs = Math.max(0, nowMs - record.startMs);
  deps.outbox.row(
    {
      kind: 'row',
      group: record.group,
      keyId: record.keyId,
      requestId: record.requestId,
      time,
      json: rowText(record, { time, durationMs }),
    },
    awaits,
  );
  deps.metrics.request(record.group, record.status, durationMs / 1_000);
}
