import type { Answer } from '../api/api.ts';
import type { Verdict } from '../verdicts/runs.ts';

type Row = Answer<'listLogs'>['items'][number];

/** An upstream of a group that does not do well, or that a guard blamed, just now. */
export interface Trouble {
  readonly kind: 'failing-upstream' | 'guard';
  readonly group: string;
  readonly upstream: string;
  /** Failed requests, or keys that were spared. */
  readonly n: number;
}

/** What is older than this is over. */
export const recentMs = 10 * 60_000;
/** As many failures in a row take an upstream out of rotation. */
const alarming = 3;

/** Upstreams that failed requests lately, by the rows of those, and upstreams that a guard blamed. */
export function troublesOf(
  { failed, guards }: { readonly failed: readonly Row[]; readonly guards: readonly Verdict[] },
  nowMs: number,
): readonly Trouble[] {
  const isRecent = ({ time }: { readonly time: string }): boolean =>
    nowMs - Date.parse(time) < recentMs;
  const at = failed.filter(isRecent).flatMap(({ group, attempts }) => {
    const upstream = attempts.findLast(({ verdict }) => verdict === 'upstream')?.upstream;
    return upstream === undefined ? [] : [{ group, upstream }];
  });
  const blamed = guards
    .filter(isRecent)
    .flatMap(({ group, upstream }) => (upstream === null ? [] : [{ group, upstream }]));
  return [
    ...counted('guard', blamed),
    ...counted('failing-upstream', at).filter(({ n }) => n >= alarming),
  ];
}

function counted(
  kind: Trouble['kind'],
  places: readonly { readonly group: string; readonly upstream: string }[],
): Trouble[] {
  const byPlace = new Map<string, Trouble>();
  for (const place of places) {
    const name = `${place.group} ${place.upstream}`;
    byPlace.set(name, { kind, ...place, n: (byPlace.get(name)?.n ?? 0) + 1 });
  }
  return [...byPlace.values()];
}
