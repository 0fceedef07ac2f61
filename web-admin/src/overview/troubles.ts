import type { Answer } from '../api/api.ts';
import type { Verdict } from '../verdicts/runs.ts';

type Row = Answer<'listLogs'>['items'][number];

/** An upstream of a group that does not do well, or that a guard blamed, just now. */
export type Trouble = { readonly group: string; readonly upstream: string } & (
  | { readonly kind: 'failing-upstream'; /** Of the group's requests. */ readonly share: number }
  | { readonly kind: 'guard'; /** Keys that were spared. */ readonly n: number }
);

/** The newest requests that upstreams failed. */
export interface Failed {
  readonly items: readonly Row[];
  /** There are more, older ones. */
  readonly cut: boolean;
}

/** What is older than this is over. */
export const recentMs = 10 * 60_000;
/** As many failures in a row take an upstream out of rotation. */
const alarming = 3;
/** Fewer than this are the noise that retries are for. */
const alarmingShare = 0.05;

/** Upstreams that failed requests lately, by the rows of those, and upstreams that a guard blamed. */
export function troublesOf(
  known: {
    readonly failed: Failed;
    /** How many requests each group had lately. */
    readonly requests: ReadonlyMap<string, number>;
    readonly guards: readonly Verdict[];
  },
  nowMs: number,
): readonly Trouble[] {
  const { failed, requests, guards } = known;
  const isRecent = ({ time }: { readonly time: string }): boolean =>
    nowMs - Date.parse(time) < recentMs;
  const at = failed.items.filter(isRecent).flatMap(({ group, attempts, request_id }) => {
    const upstream = attempts.findLast(({ verdict }) => verdict === 'upstream')?.upstream;
    return upstream === undefined ? [] : [{ group, upstream, of: request_id }];
  });
  const oldestMs = Math.min(nowMs - 1_000, ...failed.items.map(({ time }) => Date.parse(time)));
  // Where not all were told, those that were say how often it happens.
  const scale = failed.cut ? Math.max(1, recentMs / (nowMs - oldestMs)) : 1;
  const failing = counted(at)
    .filter(({ n }) => n >= alarming)
    .map(({ group, upstream, n }) => {
      const share = Math.min(1, (n * scale) / Math.max(n, requests.get(group) ?? 0));
      return { kind: 'failing-upstream' as const, group, upstream, share };
    });
  return [
    ...blamedOf(guards, nowMs).map((each) => ({ kind: 'guard' as const, ...each })),
    ...failing.filter(({ share }) => share >= alarmingShare),
  ];
}

/** Upstreams that a guard blamed lately, with how many keys it spared. */
export function blamedOf(guards: readonly Verdict[], nowMs: number): readonly Counted[] {
  return counted(
    guards
      .filter(({ time }) => nowMs - Date.parse(time) < recentMs)
      .flatMap(({ group, upstream, key_id }) =>
        upstream === null ? [] : [{ group, upstream, of: key_id }],
      ),
  );
}

/** How many requests each group had lately, out of their counts by the minute. */
export function requestsLately(
  series: Answer<'statsSeries'>['series'],
  nowMs: number,
): ReadonlyMap<string, number> {
  return new Map(
    series.map(({ name, points }) => {
      const recent = points.filter(({ time }) => nowMs - Date.parse(time) < recentMs);
      return [name, recent.reduce((sum, { value }) => sum + (value ?? 0), 0)];
    }),
  );
}

interface Seen {
  readonly group: string;
  readonly upstream: string;
  /** The request that failed, or the key that was spared: counted once. */
  readonly of: string;
}

interface Counted {
  readonly group: string;
  readonly upstream: string;
  readonly n: number;
}

function counted(seen: readonly Seen[]): Counted[] {
  const byPlace = Map.groupBy(seen, ({ group, upstream }) => `${group} ${upstream}`);
  return [...byPlace.values()].flatMap((all) => {
    const [first] = all;
    if (first === undefined) return [];
    const { group, upstream } = first;
    return [{ group, upstream, n: new Set(all.map((each) => each.of)).size }];
  });
}
