import type { Answer } from '../api/api.ts';

export type Verdict = Answer<'listVerdicts'>['items'][number];

/** Verdicts of one kind for one reason that came close to each other, newest first. */
export interface Run {
  readonly id: string;
  /** Of the newest. */
  readonly time: string;
  readonly newest: Verdict;
  readonly verdicts: readonly Verdict[];
  /** How many keys they are of: one that came back and failed again is in it twice. */
  readonly keys: number;
}

/** What comes this long after the first of a run begins another one. */
const togetherMs = 10 * 60_000;

const alike = ({ kind, group, rule, status }: Verdict): string =>
  JSON.stringify([kind, group, rule, status]);

/**
 * Verdicts, newest first, as runs: a bad hour of a provider is told once, not a thousand times. None reaches over one
 * of the moments (ISO 8601) at which something else happened.
 */
export function runsOf(
  verdicts: readonly Verdict[],
  moments: readonly string[] = [],
): readonly Run[] {
  const runs: Verdict[][] = [];
  const open = new Map<string, Verdict[]>();
  const cuts = moments.toSorted().toReversed();
  let cut = 0;
  for (const verdict of verdicts) {
    for (; (cuts[cut] ?? '') >= verdict.time; cut += 1) open.clear();
    const name = alike(verdict);
    const run = open.get(name);
    const [newest] = run ?? [];
    const fits =
      newest !== undefined && Date.parse(newest.time) - Date.parse(verdict.time) < togetherMs;
    if (fits) {
      run?.push(verdict);
      continue;
    }
    const begun = [verdict];
    open.set(name, begun);
    runs.push(begun);
  }
  return runs.flatMap((each) => {
    const [newest] = each;
    if (newest === undefined) return [];
    // Named for the oldest: a run that grows is the same one.
    const keys = new Set(each.map(({ key_id }) => key_id)).size;
    return [{ id: each.at(-1)?.id ?? '', time: newest.time, newest, verdicts: each, keys }];
  });
}
