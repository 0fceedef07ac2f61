/** For how long a rollup stands; a quarter is one of an hour. */
export type Span = 'minute' | 'quarter' | 'hour' | 'day';

/** Shortest first. */
export const spans = ['minute', 'quarter', 'hour', 'day'] as const satisfies readonly Span[];

/** Length of each span. */
export const spanMs = {
  minute: 60_000,
  quarter: 900_000,
  hour: 3_600_000,
  day: 86_400_000,
} as const;

/** When the span began that a time is in. */
export function startOf(timeMs: number, span: Span): number {
  return Math.floor(timeMs / spanMs[span]) * spanMs[span];
}

/** A stretch of time that rollups of one span cover without rest. */
export interface Stretch {
  readonly span: Span;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Covers a range with as few rollups as there can be: days where whole ones fit, shorter spans
 * beside them, minutes at the ends. No rollup is longer than a point or lies in two. Before
 * `minutesFromMs` there is nothing shorter than an hour any more: the range begins with a whole one.
 */
export function cover(range: {
  readonly fromMs: number;
  readonly toMs: number;
  /** Width of a point; null when all is one. */
  readonly stepMs: number | null;
  readonly minutesFromMs: number;
}): Stretch[] {
  const { toMs, stepMs, minutesFromMs } = range;
  const fits = spans.filter((span) => stepMs === null || stepMs % spanMs[span] === 0);
  const stretches: { span: Span; fromMs: number; toMs: number }[] = [];
  const kept = range.fromMs >= minutesFromMs ? 'minute' : 'hour';
  for (let at = startOf(range.fromMs, kept); at < toMs;) {
    // The end is now, mostly: an unfinished span holds nothing beyond it.
    const span =
      fits.findLast(
        (each) =>
          (spanMs[each] >= spanMs.hour || at >= minutesFromMs) &&
          at % spanMs[each] === 0 &&
          at + spanMs[each] <= toMs,
      ) ?? (at < minutesFromMs ? 'hour' : 'minute');
    const last = stretches.at(-1);
    if (last?.span === span) last.toMs += spanMs[span];
    else stretches.push({ span, fromMs: at, toMs: at + spanMs[span] });
    at += spanMs[span];
  }
  return stretches;
}
