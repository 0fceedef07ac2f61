import type { LogRow } from '@keymux/contracts';
import { bucketOf } from '../../rollups/histogram.ts';
import { facetId, facetOf } from '../facet.ts';
import { hashOf } from '../hash.ts';
import { searchedText } from '../row-match.ts';

/** What is found by, beside the row: its facet, its text, its buckets in histograms. */
interface RowIndex {
  readonly facet: number;
  readonly text: number;
  readonly latency: number;
  readonly ttfb: number | null;
}

/** A row as a document: `_id` is the id of its request, so that a redelivery changes nothing. */
export type RowDocument = Omit<LogRow, 'request_id'> & {
  readonly _id: string;
  readonly index: RowIndex;
};

/** The row of a document. */
export function toRow(document: RowDocument): LogRow {
  const { _id, index: _index, ...row } = document;
  return { request_id: _id, ...row };
}

/** The document of a row. */
export function toDocument(row: LogRow): RowDocument {
  const { request_id, ...rest } = row;
  return {
    _id: request_id,
    ...rest,
    index: {
      facet: facetId(facetOf(row)),
      text: hashOf(searchedText(row)),
      latency: bucketOf(row.duration_ms),
      ttfb: row.ttfb_ms === null ? null : bucketOf(row.ttfb_ms),
    },
  };
}
