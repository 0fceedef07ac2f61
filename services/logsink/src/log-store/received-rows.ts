import { type LogRow, LogRowSchema } from '@keymux/contracts';
import { Compile } from 'typebox/compile';
import { type Place, placeOf } from './place.ts';

const isRow = Compile(LogRowSchema);

/** A row with the text it came as. */
export interface ReceivedRow {
  readonly row: LogRow;
  readonly json: string;
  readonly place: Place;
}

/** A row that can never be written, and why. */
export interface Poison {
  readonly json: string;
  readonly reason: string;
}

/**
 * Reads newline separated rows, one when it is asked for: a thousand that live at once grow old in the heap.
 * What is none does not hold up the others.
 */
export function* readRows(text: string): Generator<ReceivedRow | Poison> {
  for (const json of text.split('\n')) {
    if (json === '') continue;
    const row = readRow(json);
    yield typeof row === 'string' ? { json, reason: row } : row;
  }
}

/** True for what can never be written. */
export const isPoison = (read: ReceivedRow | Poison): read is Poison => 'reason' in read;

function readRow(json: string): ReceivedRow | string {
  let row: unknown;
  try {
    row = JSON.parse(json);
  } catch {
    return 'is not JSON';
  }
  if (!isRow.Check(row)) {
    const [first] = isRow.Errors(row);
    return `${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}`.trim();
  }
  const place = placeOf(row.request_id);
  if (place === null) return '/request_id is not the id of a request';
  if (Number.isNaN(Date.parse(row.time))) return '/time is not a time';
  return { row, json, place };
}
