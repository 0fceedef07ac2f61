import type { Filter } from 'mongodb';
import { facetMatches, picksFacets } from '../facet.ts';
import type { LogFilter } from '../log-filter.ts';
import { idAt } from '../place.ts';
import { matches } from '../row-match.ts';
import type { LogRow } from '@keymux/contracts';
import type { MongoDay } from './mongodb-day.ts';
import { type RowDocument, toRow } from './row-document.ts';

/** A row's time and that in its id are taken one after the other. */
const slackMs = 1_000;
/** More texts than this are rather looked for in the rows. */
const manyTexts = 2_000;
/** MongoDB merges so many sorted scans of one index; beyond 200 it would sort all that it finds. */
const mergedScans = 100;

/** What a search of one day found, newest first; `lookedTo` is the last id it looked at when it is not through. */
export interface Looked {
  readonly rows: readonly LogRow[];
  readonly lookedTo: string | null;
}

/** The next rows of a day below an id; at most `limit` of them, perhaps none of those it looked at. */
export type Look = (before: string, limit: number) => Promise<Looked>;

/** Prepares the search of one day; null when it can have no row that fits. */
export async function searchDay(day: MongoDay, filter: LogFilter): Promise<Look | null> {
  const all = await day.facets();
  const facets = [...all].filter(([, facet]) => facetMatches(facet, filter)).map(([id]) => id);
  const texts =
    filter.text === undefined ? null : await day.texts(filter.text.toLowerCase(), manyTexts);
  if (facets.length === 0 || texts?.length === 0) return null;
  const conditions = conditionsOf(filter, { facets, texts });
  const fromId = filter.fromMs === undefined ? '' : idAt(filter.fromMs - slackMs);
  const toId = filter.toMs === undefined ? null : idAt(filter.toMs + slackMs);
  return async (before, limit) => {
    const below = toId === null || before < toId ? before : toId;
    const _id = { $lt: below, $gte: fromId };
    const scans = conditions.map((condition) =>
      day.rows
        .find({ ...condition, _id })
        .sort({ _id: -1 })
        .limit(limit)
        .toArray(),
    );
    const found = (await Promise.all(scans))
      .flat()
      .toSorted((a, b) => (a._id < b._id ? 1 : -1))
      .slice(0, limit);
    return {
      rows: found.map(toRow).filter((row) => matches(row, filter)),
      lookedTo: found.length < limit ? null : (found.at(-1)?._id ?? null),
    };
  };
}

function conditionsOf(
  filter: LogFilter,
  { facets, texts }: { facets: readonly number[]; texts: readonly number[] | null },
): Filter<RowDocument>[] {
  const inFacets = chunked(facets).map((chunk): Filter<RowDocument> => ({
    'index.facet': { $in: chunk },
  }));
  if (filter.keyId !== undefined) {
    return inFacets.map((condition) => ({ ...condition, 'attempts.key_id': filter.keyId }));
  }
  if (texts !== null) {
    const narrowed = picksFacets(filter) ? { 'index.facet': { $in: [...facets] } } : {};
    return chunked(texts).map((chunk) => ({ ...narrowed, 'index.text': { $in: chunk } }));
  }
  return picksFacets(filter) ? inFacets : [{}];
}

function chunked(ids: readonly number[]): number[][] {
  const chunks: number[][] = [];
  for (let at = 0; at < ids.length; at += mergedScans) chunks.push(ids.slice(at, at + mergedScans));
  return chunks;
}
