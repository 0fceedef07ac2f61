/** Rows of a long list that exist: as many as are in sight and near it, each used for one item after another. */
export interface RowWindow {
  /** The first item that has a row. */
  readonly start: number;
  /** How many rows there are. */
  readonly size: number;
}

/** What is seen of a list of rows of one height, px. */
export interface Sight {
  readonly top: number;
  readonly height: number;
  readonly rowPx: number;
  readonly count: number;
  /** Rows beyond each edge, so that there is something to see before the next frame is made. */
  readonly ahead: number;
}

/** The items that are in sight, the last of them excluded. */
export function inSight({ top, height, rowPx, count }: Sight): { start: number; end: number } {
  const start = Math.min(Math.max(0, Math.floor(top / rowPx)), Math.max(0, count - 1));
  return { start, end: Math.min(count, start + Math.ceil(height / rowPx) + 1) };
}

/** Which rows exist: always as many, so that scrolling makes and removes none. */
export function windowOf(sight: Sight): RowWindow {
  const { height, rowPx, count, ahead } = sight;
  const size = Math.min(count, Math.ceil(height / rowPx) + 1 + 2 * ahead);
  return { start: Math.min(Math.max(0, inSight(sight).start - ahead), count - size), size };
}

/** The item that a row shows: one that stays in the window stays in its row. */
export function placeOf(row: number, { start, size }: RowWindow): number {
  return start + ((((row - start) % size) + size) % size);
}

/** The rows in the order of their items. */
export function rowsInOrder({ start, size }: RowWindow): readonly number[] {
  return Array.from({ length: size }, (_, at) => (start + at) % size);
}
