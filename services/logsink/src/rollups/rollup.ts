import type { LogRow } from '@keymux/contracts';
import { type Histogram, merge, observe } from './histogram.ts';

export const minuteMs = 60_000;

/** What the requests of one minute (or hour), group, model and status add up to. */
export interface Rollup {
  readonly startMs: number;
  readonly group: string;
  readonly model: string;
  readonly status: number;
  requests: number;
  errors: number;
  tokensIn: number;
  tokensOut: number;
  latency: Histogram;
  ttfb: Histogram;
}

/** Adds rows up by minute, group, model and status. */
export function rollUp(rows: readonly LogRow[]): Rollup[] {
  const rollups = new Map<string, Rollup>();
  for (const row of rows) {
    const startMs = Math.floor(Date.parse(row.time) / minuteMs) * minuteMs;
    const one: Rollup = {
      startMs,
      group: row.aggregate ?? row.group,
      model: row.model ?? '',
      status: row.status,
      requests: 1,
      errors: isError(row) ? 1 : 0,
      tokensIn: row.tokens.input ?? 0,
      tokensOut: row.tokens.output ?? 0,
      latency: {},
      ttfb: {},
    };
    observe(one.latency, row.duration_ms);
    if (row.ttfb_ms !== null) observe(one.ttfb, row.ttfb_ms);
    const key = `${startMs} ${one.group} ${one.status} ${one.model}`;
    const known = rollups.get(key);
    if (known === undefined) rollups.set(key, one);
    else add(known, one);
  }
  return [...rollups.values()];
}

/** A request that failed for another reason than that its client left. */
export function isError(row: Pick<LogRow, 'status' | 'at_fault'>): boolean {
  return row.status !== 499 && (row.status >= 400 || row.at_fault !== null);
}

/** Adds one rollup to another. */
export function add(into: Rollup, from: Rollup): void {
  into.requests += from.requests;
  into.errors += from.errors;
  into.tokensIn += from.tokensIn;
  into.tokensOut += from.tokensOut;
  merge(into.latency, from.latency);
  merge(into.ttfb, from.ttfb);
}

/** Rollups of longer spans out of shorter ones. */
export function regroup(rollups: readonly Rollup[], spanMs: number): Rollup[] {
  const spans = new Map<string, Rollup>();
  for (const each of rollups) {
    const startMs = Math.floor(each.startMs / spanMs) * spanMs;
    const key = `${startMs} ${each.group} ${each.status} ${each.model}`;
    let span = spans.get(key);
    if (span === undefined) {
      span = {
        ...each,
        startMs,
        requests: 0,
        errors: 0,
        tokensIn: 0,
        tokensOut: 0,
        latency: {},
        ttfb: {},
      };
      spans.set(key, span);
    }
    add(span, each);
  }
  return [...spans.values()];
}
