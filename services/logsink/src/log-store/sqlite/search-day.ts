import type { LogRow } from '@keymux/contracts';
import { facetMatches, picksFacets } from '../facet.ts';
import type { LogFilter } from '../log-filter.ts';
import { newestFirst, type PlaceStream } from '../newest-first.ts';
import { dayMs, seqAt } from '../place.ts';
import { matches } from '../row-match.ts';
import type { SqliteDay } from './sqlite-day.ts';

/** A row's time and that in its id are taken one after the other. */
const slackMs = 1_000;
/** More texts than this are rather found among the rows. */
const manyTexts = 20_000;
/** Where so many texts fit, many rows do: the newest rows are looked at before the index, which takes a seek a text. */
const someTexts = 50;
const newestRows = 5_000;
/** How often a search looks at the time. */
const rowsPerLook = 256;

/** A row that was found, or a place where the search gave up for now. */
export type Found =
  { readonly kind: 'row'; readonly row: LogRow } | { readonly kind: 'late'; readonly id: string };

/** Rows of one day, newest first, of places below `below`; stops where `late` says so. */
export function* searchDay(
  day: SqliteDay,
  filter: LogFilter,
  range: { readonly startMs: number; readonly below: number; readonly late: () => boolean },
): Generator<Found> {
  const { startMs } = range;
  const fromSeq = seqAt(Math.max(0, (filter.fromMs ?? startMs) - slackMs - startMs));
  const toSeq = seqAt(Math.min(dayMs, (filter.toMs ?? Infinity) + slackMs - startMs));
  const facets = picksFacets(filter) ? day.facets((each) => facetMatches(each, filter)) : null;
  const texts = filter.text === undefined ? null : day.texts(filter.text.toLowerCase());
  const below = Math.min(range.below, toSeq);
  let looked = 0;
  for (const seq of placesOf(day, filter, { facets, texts, below })) {
    if (seq < fromSeq) return;
    const row = day.at(seq);
    if (row === null) continue;
    looked += 1;
    const candidate =
      (facets === null || facets.has(row.facet)) && (texts === null || texts.has(row.text));
    if (candidate) {
      // Checked when it came in.
      const read = JSON.parse(row.json) as LogRow;
      if (matches(read, filter)) yield { kind: 'row', row: read };
    }
    if (looked % rowsPerLook === 0 && range.late()) {
      yield { kind: 'late', id: row.id };
      return;
    }
  }
}

function* placesOf(
  day: SqliteDay,
  filter: LogFilter,
  { below, ...narrowed }: { facets: Set<number> | null; texts: Set<number> | null; below: number },
): Generator<number> {
  let at = below;
  if (filter.keyId === undefined && (narrowed.texts?.size ?? 0) > someTexts) {
    let left = newestRows;
    for (const seq of newestFirst([day.all], below)) {
      at = seq;
      yield seq;
      left -= 1;
      if (left === 0) break;
    }
    if (left > 0) return;
  }
  yield* newestFirst(streamsOf(day, filter, narrowed), at);
}

function streamsOf(
  day: SqliteDay,
  { keyId }: LogFilter,
  { facets, texts }: { facets: Set<number> | null; texts: Set<number> | null },
): PlaceStream[] {
  if (keyId !== undefined) return day.ofKey(keyId, facets);
  if (texts !== null && texts.size <= manyTexts) {
    return Array.from(texts, (text) => day.ofText(text));
  }
  if (facets !== null) return Array.from(facets, (facet) => day.ofFacet(facet));
  return [day.all];
}
