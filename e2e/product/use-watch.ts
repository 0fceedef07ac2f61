import type { Hit } from '../provider-simulator/hit.ts';

/** How a key was used, by the provider's own clock. */
export interface KeyUse {
  readonly total: number;
  /** The most requests in any minute. */
  readonly mostAMinute: number;
  /** The most requests at the same time. */
  readonly mostAtOnce: number;
}

const minuteMs = 60_000;

/** Tells how each key was used. */
export function useOfKeys(hits: readonly Hit[]): Map<string, KeyUse> {
  const byKey = Map.groupBy(hits, ({ key }) => key ?? '');
  return new Map(
    Array.from(byKey, ([key, all]) => [
      key,
      { total: all.length, mostAMinute: mostAMinute(all), mostAtOnce: mostAtOnce(all) },
    ]),
  );
}

function mostAMinute(hits: readonly Hit[]): number {
  const times = hits.map(({ startedAt }) => startedAt).toSorted((a, b) => a - b);
  return Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + minuteMs).length),
  );
}

function mostAtOnce(hits: readonly Hit[]): number {
  const steps = hits.flatMap(({ startedAt, endedAt }) => [
    { at: startedAt, by: 1 },
    { at: endedAt ?? Number.POSITIVE_INFINITY, by: -1 },
  ]);
  let now = 0;
  let most = 0;
  // What ends in the millisecond in which another begins, ended before it.
  for (const { by } of steps.toSorted((a, b) => a.at - b.at || a.by - b.by)) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
