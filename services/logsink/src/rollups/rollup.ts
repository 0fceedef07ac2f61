import type { LogRow } from '@keymux/contracts';
import { type Histogram, merge, observe } from './histogram.ts';
import { type Span, startOf } from './span.ts';

/** What requests add up to. */
export interface Counts {
  requests: number;
  errors: number;
  tokensIn: number;
  tokensOut: number;
  /** Of durations, ms. */
  latency: Histogram;
  /** Of times to the first byte, ms. */
  ttfb: Histogram;
}

/** By what rollups are kept. */
export type RollupKey = Pick<LogRow, 'group' | 'aggregate' | 'model' | 'status'>;

/** What the requests of one minute, hour or day of a group, model and status add up to. */
export interface Rollup extends RollupKey, Counts {
  readonly startMs: number;
}

/** How sums can be told apart. */
export type Dimension = 'none' | 'group' | 'model' | 'status';

/** Rollups added up by one dimension. */
export interface Sum extends Counts {
  readonly startMs: number;
  /** Of the group, model or status; empty where nothing is told apart or there is no model. */
  readonly name: string;
}

/** Counts of nothing. */
export function noCounts(): Counts {
  return { requests: 0, errors: 0, tokensIn: 0, tokensOut: 0, latency: {}, ttfb: {} };
}

/** Adds counts to others. */
export function add(into: Counts, from: Counts): void {
  into.requests += from.requests;
  into.errors += from.errors;
  into.tokensIn += from.tokensIn;
  into.tokensOut += from.tokensOut;
  merge(into.latency, from.latency);
  merge(into.ttfb, from.ttfb);
}

/** A request that failed for another reason than that its client left. */
export function isError(row: Pick<LogRow, 'status' | 'at_fault'>): boolean {
  return row.status !== 499 && (row.status >= 400 || row.at_fault !== null);
}

/** Adds rows up by a span. */
export class RollUp {
  readonly #span: Span;
  readonly #rollups = new Rollups();

  constructor(span: Span) {
    this.#span = span;
  }

  /** Counts a row whose request came at a time, epoch ms. */
  count(timeMs: number, row: LogRow): void {
    const into = this.#rollups.at(startOf(timeMs, this.#span), row);
    into.requests += 1;
    if (isError(row)) into.errors += 1;
    into.tokensIn += row.tokens.input ?? 0;
    into.tokensOut += row.tokens.output ?? 0;
    observe(into.latency, row.duration_ms);
    if (row.ttfb_ms !== null) observe(into.ttfb, row.ttfb_ms);
  }

  all(): Rollup[] {
    return this.#rollups.all();
  }
}

/** Rollups of longer spans out of shorter ones. */
export function regroup(shorter: readonly Rollup[], span: Span): Rollup[] {
  const rollups = new Rollups();
  for (const each of shorter) add(rollups.at(startOf(each.startMs, span), each), each);
  return rollups.all();
}

class Rollups {
  readonly #byKey = new Map<string, Rollup>();

  at(startMs: number, { group, aggregate, model, status }: RollupKey): Rollup {
    const key = JSON.stringify([startMs, group, aggregate, model, status]);
    let found = this.#byKey.get(key);
    if (found === undefined) {
      found = { startMs, group, aggregate, model, status, ...noCounts() };
      this.#byKey.set(key, found);
    }
    return found;
  }

  all(): Rollup[] {
    return [...this.#byKey.values()];
  }
}
