/** A time in which nobody listened to the tail: its rows are in the list alone. */
export interface Gap {
  /** Where it begins, by the times of rows. */
  readonly from: string;
  /** When the tail was heard again, ms; null while it is not. */
  readonly heardMs: number | null;
}

/** A request may have begun so long before its row is told: rows are listed by when they began. */
const longestMs = 120_000;
/** Beyond what rows wait to be written. */
const spareMs = 15_000;

/** The gap when the tail is lost: it begins with the newest row that is known. One that is there goes on. */
export function lost(gap: Gap | null, newest: string | undefined): Gap | null {
  if (gap !== null) return { ...gap, heardMs: null };
  if (newest === undefined) return null;
  return { from: new Date(Date.parse(newest) - longestMs).toISOString(), heardMs: null };
}

/** The gap when the tail is heard again. */
export function heard(gap: Gap | null, nowMs: number): Gap | null {
  return gap === null ? null : { ...gap, heardMs: gap.heardMs ?? nowMs };
}

/** Whether all rows of a gap must be in the list by now: rows wait before they are written. */
export function isWritten({ heardMs }: Gap, nowMs: number, waitMs: number): boolean {
  return heardMs !== null && nowMs - heardMs > waitMs + spareMs;
}
