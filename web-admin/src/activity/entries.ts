import { type Run, runsOf, type Verdict } from '../verdicts/runs.ts';
import type { Deed, Newest } from './stream.ts';

/** What stands in the activity: what somebody did, what was decided on keys, and where older decisions are left out. */
export type Entry =
  | { readonly kind: 'deed'; readonly id: string; readonly time: string; readonly deed: Deed }
  | { readonly kind: 'run'; readonly id: string; readonly time: string; readonly run: Run }
  | { readonly kind: 'cut'; readonly id: string; readonly time: string };

export const deedEntry = (deed: Deed): Entry => ({
  kind: 'deed',
  id: deed.id,
  time: deed.time,
  deed,
});

/**
 * Deeds and verdicts as one stream, newest first. Verdicts may be many: those that reach further back than the deeds
 * that are known wait for the next page, and where they end before, it says so.
 */
export function entriesOf(
  { stream, more }: { readonly stream: readonly Deed[]; readonly more: boolean },
  { items, next_cursor }: Newest<Verdict>,
): readonly Entry[] {
  const horizon = more ? (stream.at(-1)?.time ?? '') : '';
  const told = items.filter(({ time }) => time >= horizon);
  const runs = runsOf(
    told,
    stream.map(({ time }) => time),
  );
  const oldest = items.at(-1)?.time;
  const isCut = next_cursor !== null && oldest !== undefined && oldest >= horizon;
  const entries: readonly Entry[] = [
    ...stream.map(deedEntry),
    ...runs.map((run): Entry => ({ kind: 'run', id: `v${run.id}`, time: run.time, run })),
    ...(isCut ? [{ kind: 'cut', id: 'cut', time: oldest } as const] : []),
  ];
  return entries.toSorted((a, b) => b.time.localeCompare(a.time));
}
