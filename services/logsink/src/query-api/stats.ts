import { percentile } from '../rollups/histogram.ts';
import { add, type Counts, noCounts, type Sum } from '../rollups/rollup.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const maxPoints = 200;
const maxSeries = 50;

/** A range such as `24h`, in ms. */
export function rangeMs(range: string): number {
  const unit = { m: minuteMs, h: hourMs, d: dayMs }[range.slice(-1)] ?? minuteMs;
  return Number(range.slice(0, -1)) * unit;
}

/** The width of a point, so that a range has at most 200 of them. */
export function stepMs(range: number): number {
  const steps = [minuteMs, 15 * minuteMs, hourMs, 6 * hourMs, dayMs];
  return (
    steps.find((step) => range / step <= maxPoints) ?? Math.ceil(range / maxPoints / dayMs) * dayMs
  );
}

/** What sums add up to, as the API shows it. */
export function totals(sums: readonly Counts[]) {
  const all = noCounts();
  for (const each of sums) add(all, each);
  return {
    requests: all.requests,
    errors: all.errors,
    error_rate: all.requests === 0 ? 0 : all.errors / all.requests,
    latency_p50_ms: percentile(all.latency, 0.5),
    latency_p95_ms: percentile(all.latency, 0.95),
    ttfb_p50_ms: percentile(all.ttfb, 0.5),
    ttfb_p95_ms: percentile(all.ttfb, 0.95),
    tokens_in: all.tokensIn,
    tokens_out: all.tokensOut,
  };
}

export type Metric = Exclude<keyof ReturnType<typeof totals>, 'error_rate'>;

/** One series a name, with a point a step; the busiest 50. Sums of nothing told apart are one series, named after the metric. */
export function series(
  sums: readonly Sum[],
  asked: { metric: Metric; fromMs: number; toMs: number; step: number; apart: boolean },
) {
  const { metric, fromMs, toMs, step, apart } = asked;
  const byName = Map.groupBy(sums, ({ name }) => (apart ? name : metric));
  const weight = (list: readonly Sum[]): number =>
    list.reduce((sum, { requests }) => sum + requests, 0);
  return [...byName]
    .toSorted(([, a], [, b]) => weight(b) - weight(a))
    .slice(0, maxSeries)
    .map(([name, list]) => {
      const byPoint = new Map(list.map((sum) => [sum.startMs, sum]));
      const points = [];
      for (let at = Math.floor(fromMs / step) * step; at < toMs; at += step) {
        const sum = byPoint.get(at);
        points.push({
          time: new Date(at).toISOString(),
          value: totals(sum === undefined ? [] : [sum])[metric],
        });
      }
      return { name, points };
    });
}
