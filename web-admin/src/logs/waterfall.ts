import type { Attempt, LogRow } from '../api/generated.ts';

/** One bar of a waterfall; places are shares of its whole width. */
export interface Bar {
  readonly attempt: Attempt;
  readonly number: number;
  readonly startMs: number;
  readonly start: number;
  readonly width: number;
}

/** How the time of a request went by. */
export interface Waterfall {
  readonly bars: readonly Bar[];
  readonly totalMs: number;
  /** What no attempt took: reading, choosing keys, sending the rest of the answer. */
  readonly otherMs: number;
  readonly ticksMs: readonly number[];
  /** Where the first byte went to the client, as a share; null when none did. */
  readonly firstByte: number | null;
}

const minWidth = 0.006;

/** Lays the attempts of a request one after another, as they were made. */
export function waterfallOf(row: Pick<LogRow, 'attempts' | 'duration_ms' | 'ttfb_ms'>): Waterfall {
  const triedMs = row.attempts.reduce((sum, { ms }) => sum + ms, 0);
  const totalMs = Math.max(row.duration_ms, triedMs, 1);
  let startMs = 0;
  const bars = row.attempts.map((attempt, at) => {
    const width = Math.max(attempt.ms / totalMs, minWidth);
    const bar: Bar = {
      attempt,
      number: at + 1,
      startMs,
      start: Math.min(startMs / totalMs, 1 - width),
      width,
    };
    startMs += attempt.ms;
    return bar;
  });
  const { ttfb_ms: ttfbMs } = row;
  return {
    bars,
    totalMs,
    otherMs: Math.max(0, totalMs - triedMs),
    ticksMs: ticksOf(totalMs),
    firstByte: ttfbMs === null ? null : Math.min(1, ttfbMs / totalMs),
  };
}

/** Round times to read a scale by: three to six, from 0. */
export function ticksOf(totalMs: number): number[] {
  const rough = totalMs / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? totalMs;
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, at) => at * step);
}
