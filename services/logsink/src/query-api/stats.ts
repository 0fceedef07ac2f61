import { percentile } from '../rollups/histogram.ts';
import { add, minuteMs, regroup, type Rollup } from '../rollups/rollup.ts';

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
  const steps = [minuteMs, 5 * minuteMs, 15 * minuteMs, hourMs, 6 * hourMs, dayMs];
  return (
    steps.find((step) => range / step <= maxPoints) ?? Math.ceil(range / maxPoints / dayMs) * dayMs
  );
}

/** What a set of rollups adds up to, as the API shows it. */
export function totals(rollups: readonly Rollup[]) {
  const sum: Rollup = {
    startMs: 0,
    group: '',
    model: '',
    status: 0,
    requests: 0,
    errors: 0,
    tokensIn: 0,
    tokensOut: 0,
    latency: {},
    ttfb: {},
  };
  for (const each of rollups) add(sum, each);
  return {
    requests: sum.requests,
    errors: sum.errors,
    error_rate: sum.requests === 0 ? 0 : sum.errors / sum.requests,
    latency_p50_ms: percentile(sum.latency, 0.5),
    latency_p95_ms: percentile(sum.latency, 0.95),
    ttfb_p50_ms: percentile(sum.ttfb, 0.5),
    ttfb_p95_ms: percentile(sum.ttfb, 0.95),
    tokens_in: sum.tokensIn,
    tokens_out: sum.tokensOut,
  };
}

export type Metric = Exclude<keyof ReturnType<typeof totals>, 'error_rate'>;
export type Dimension = 'none' | 'group' | 'model' | 'status';

/** One series a group, model or status; the busiest 50. */
export function series(
  rollups: readonly Rollup[],
  asked: { metric: Metric; by: Dimension; fromMs: number; toMs: number; step: number },
) {
  const { metric, by, fromMs, toMs, step } = asked;
  const names = new Map<string, Rollup[]>();
  for (const each of rollups) {
    const name = by === 'none' ? metric : String(each[by]);
    const list = names.get(name);
    if (list === undefined) names.set(name, [each]);
    else list.push(each);
  }
  const weight = (list: readonly Rollup[]): number =>
    list.reduce((sum, each) => sum + each.requests, 0);
  return [...names]
    .toSorted(([, a], [, b]) => weight(b) - weight(a))
    .slice(0, maxSeries)
    .map(([name, list]) => {
      const byPoint = Map.groupBy(regroup(list, step), ({ startMs }) => startMs);
      const points = [];
      for (let at = Math.ceil(fromMs / step) * step; at < toMs; at += step) {
        points.push({
          time: new Date(at).toISOString(),
          value: totals(byPoint.get(at) ?? [])[metric],
        });
      }
      return { name, points };
    });
}
