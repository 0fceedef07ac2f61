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
  const at = failed.filter(isRecent).flatMap(({ group, attempts, request_id }) => {
    const upstream = attempts.findLast(({ verdict }) => verdict === 'upstream')?.upstream;
    return upstream === undefined ? [] : [{ group, upstream, of: request_id }];
  });
  const blamed = guards
    .filter(isRecent)
    .flatMap(({ group, upstream, key_id }) =>
      upstream === null ? [] : [{ group, upstream, of: key_id }],
    );
  return [
    ...counted('guard', blamed),
    ...counted('failing-upstream', at).filter(({ n }) => n >= alarming),
  ];
}

interface Seen {
  readonly group: string;
  readonly upstream: string;
  /** The request that failed, or the key that was spared: counted once. */
  readonly of: string;
}

function counted(kind: Trouble['kind'], seen: readonly Seen[]): Trouble[] {
  const byPlace = Map.groupBy(seen, ({ group, upstream }) => `${group} ${upstream}`);
  return [...byPlace.values()].flatMap((all) => {
    const [first] = all;
    if (first === undefined) return [];
    const { group, upstream } = first;
    return [{ kind, group, upstream, n: new Set(all.map((each) => each.of)).size }];
  });
}
