import type { Collection, Db } from 'mongodb';
import type { Histogram } from '../../rollups/histogram.ts';
import { isError, regroup, type Rollup } from '../../rollups/rollup.ts';
import { spanMs } from '../../rollups/span.ts';
import { type Facet, facetOf } from '../facet.ts';
import { idAt } from '../place.ts';
import type { Poison, ReceivedRow } from '../received-rows.ts';
import { searchedText } from '../row-match.ts';
import { dropCollection } from './drop-collection.ts';
import { insertRows } from './insert-rows.ts';
import { type RowDocument, toDocument } from './row-document.ts';

type FacetDocument = Facet & { readonly _id: number };
interface TextDocument {
  readonly _id: number;
  readonly text: string;
}

/** Facets and texts that are known to be written; forgotten all at once when there are more. */
const remembered = 20_000;

/** One day of request logs: a collection of rows, with those of its facets and texts beside it. */
export class MongoDay {
  readonly rows: Collection<RowDocument>;
  readonly #facets: Collection<FacetDocument>;
  readonly #texts: Collection<TextDocument>;
  readonly #known = new Set<number>();
  /** Facets that were read; more may be there. */
  #read: ReadonlyMap<number, Facet> = new Map();
  #prepared: Promise<void> | undefined;

  constructor(db: Db, day: string) {
    this.rows = db.collection(`logs_${day}`);
    this.#facets = db.collection(`log_facets_${day}`);
    this.#texts = db.collection(`log_texts_${day}`);
  }

  /** Writes rows, those that are there already excepted; tells how many were new, and which can never be. */
  async write(rows: readonly ReceivedRow[]): Promise<{ written: number; poison: Poison[] }> {
    await this.#prepare();
    const documents = rows.map(({ row }) => toDocument(row));
    await this.#keepFacets(rows, documents);
    const result = await insertRows(this.rows, documents);
    const poison = Array.from(result.refused, ([at, reason]) => ({
      json: rows[at]?.json ?? '',
      reason,
    }));
    return { written: documents.length - result.duplicates - poison.length, poison };
  }

  /** The facets of the day by their ids. */
  async facets(): Promise<ReadonlyMap<number, Facet>> {
    const found = await this.#facets.find({}).toArray();
    this.#read = new Map(found.map(({ _id, ...facet }) => [_id, facet]));
    return this.#read;
  }

  /** Ids of texts that contain one, in lower case; null when there are more than `most`. */
  async texts(part: string, most: number): Promise<number[] | null> {
    const text = { $regex: part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&') };
    const found = await this.#texts
      .find({ text }, { projection: { _id: 1 } })
      .limit(most + 1)
      .toArray();
    return found.length > most ? null : found.map(({ _id }) => _id);
  }

  /** What the rows of a minute add up to, counted in the server; and how many they are. */
  async count(minuteMs: number): Promise<{ rows: number; rollups: Rollup[] }> {
    const within = { $gte: idAt(minuteMs), $lt: idAt(minuteMs + spanMs.minute) };
    const counted = await this.rows
      .aggregate<{
        _id: { facet: number; latency: number; ttfb: number | null };
        requests: number;
        tokensIn: number;
        tokensOut: number;
      }>([
        { $match: { _id: within } },
        {
          $group: {
            _id: { facet: '$index.facet', latency: '$index.latency', ttfb: '$index.ttfb' },
            requests: { $sum: 1 },
            tokensIn: { $sum: '$tokens.input' },
            tokensOut: { $sum: '$tokens.output' },
          },
        },
      ])
      .toArray();
    const complete = counted.every(({ _id }) => this.#read.has(_id.facet));
    const facets = complete ? this.#read : await this.facets();
    const parts = counted.map(({ _id, requests, tokensIn, tokensOut }): Rollup => {
      const facet = facets.get(_id.facet);
      if (facet === undefined) throw new Error(`facet ${_id.facet} of ${minuteMs} is missing`);
      const histogram = (bucket: number | null): Histogram =>
        bucket === null ? {} : { [bucket]: requests };
      const { group, aggregate, model, status } = facet;
      return {
        startMs: minuteMs,
        group,
        aggregate,
        model,
        status,
        requests,
        tokensIn,
        tokensOut,
        errors: isError(facet) ? requests : 0,
        latency: histogram(_id.latency),
        ttfb: histogram(_id.ttfb),
      };
    });
    return {
      rows: parts.reduce((sum, { requests }) => sum + requests, 0),
      rollups: regroup(parts, 'minute'),
    };
  }

  /** The rows last: as long as they are there the day is listed, and dropped again after a crash. */
  async drop(): Promise<void> {
    await dropCollection(this.#facets);
    await dropCollection(this.#texts);
    await dropCollection(this.rows);
    this.#known.clear();
    this.#prepared = undefined;
  }

  #prepare(): Promise<void> {
    this.#prepared ??= Promise.all([
      this.rows.createIndex({ 'index.facet': 1, _id: -1 }),
      this.rows.createIndex({ 'index.text': 1, _id: -1 }),
      this.rows.createIndex({ 'attempts.key_id': 1, 'index.facet': 1, _id: -1 }),
    ]).then(
      () => undefined,
      (error: unknown) => {
        this.#prepared = undefined;
        throw error;
      },
    );
    return this.#prepared;
  }

  // Before the rows, so that no row is without them.
  async #keepFacets(
    rows: readonly ReceivedRow[],
    documents: readonly RowDocument[],
  ): Promise<void> {
    const facets = new Map<number, FacetDocument>();
    const texts = new Map<number, TextDocument>();
    for (const [at, { index }] of documents.entries()) {
      const row = rows[at]?.row;
      if (row === undefined) continue;
      const { facet, text } = index;
      if (!this.#known.has(facet)) facets.set(facet, { _id: facet, ...facetOf(row) });
      if (!this.#known.has(text)) texts.set(text, { _id: text, text: searchedText(row) });
    }
    await insertNew(this.#facets, [...facets.values()]);
    await insertNew(this.#texts, [...texts.values()]);
    if (this.#known.size > remembered) this.#known.clear();
    for (const id of [...facets.keys(), ...texts.keys()]) this.#known.add(id);
  }
}

async function insertNew<T extends { readonly _id: number }>(
  collection: Collection<T>,
  documents: readonly T[],
): Promise<void> {
  if (documents.length === 0) return;
  await collection.bulkWrite(
    documents.map(({ _id, ...rest }) => ({
      // One update a document, upserting: whoever else writes it writes the same.
      updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
    })) as never,
    { ordered: false },
  );
}
