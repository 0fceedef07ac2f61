import { timeOfId } from '@keymux/service';

export const dayMs = 86_400_000;
/** Of the 74 random bits of an id, those that order rows of the same millisecond. */
const tieBits = 26;
const ties = 2 ** tieBits;
const firstMs = Date.parse('2020-01-01');
const lastMs = Date.parse('2200-01-01');

/** Where a row is kept: in its day, in the order of its id. */
export interface Place {
  readonly day: string;
  /** Grows with the id within the day; a safe integer. Two rows of a day may, very rarely, share it. */
  readonly seq: number;
  readonly timeMs: number;
}

/** The place of a row by its id; null for what is not the id of a request. */
export function placeOf(requestId: string): Place | null {
  const timeMs = timeOfId(requestId);
  if (timeMs === undefined || timeMs < firstMs || timeMs >= lastMs) return null;
  const tie =
    Number.parseInt(requestId.slice(15, 18), 16) * 2 ** 14 +
    (Number.parseInt(requestId.slice(19, 23), 16) & 0x3fff);
  return { day: dayOf(timeMs), seq: seqAt(timeMs % dayMs) + tie, timeMs };
}

/** The first place of a millisecond of a day. */
export function seqAt(msOfDay: number): number {
  return msOfDay * ties;
}

// Rows come in the order of time: nearly always of the day that was named last.
let lastDay = { startMs: 0, name: '1970-01-01' };

/** The UTC day of a time, such as `2026-01-31`. */
export function dayOf(timeMs: number): string {
  const startMs = timeMs - (timeMs % dayMs);
  if (lastDay.startMs !== startMs) {
    lastDay = { startMs, name: new Date(timeMs).toISOString().slice(0, 10) };
  }
  return lastDay.name;
}

/** An id that no id made before `timeMs` reaches, and that none made later is below. */
export function idAt(timeMs: number): string {
  const hex = Math.max(0, timeMs).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** Whether a day may have rows of a window of time, below a place. */
export function touches(
  name: string,
  filter: { readonly fromMs?: number; readonly toMs?: number },
  before: Place | null,
): boolean {
  const startMs = Date.parse(name);
  return (
    (filter.fromMs === undefined || startMs + dayMs > filter.fromMs) &&
    (filter.toMs === undefined || startMs < filter.toMs) &&
    // Nothing of a day lies before its first place.
    (before === null || name < before.day || (name === before.day && before.seq > 0))
  );
}
