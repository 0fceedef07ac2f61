import type { LogRow } from '../api/generated.ts';

/** Rows that are known with others, each once, newest first; no more than `most`. */
export function mergeRows(
  known: readonly LogRow[],
  fresh: readonly LogRow[],
  most = Number.POSITIVE_INFINITY,
): readonly LogRow[] {
  if (fresh.length === 0) return known;
  const byId = new Map(known.map((row) => [row.request_id, row]));
  for (const row of fresh) byId.set(row.request_id, row);
  const rows = [...byId.values()].toSorted(
    (a, b) => b.time.localeCompare(a.time) || b.request_id.localeCompare(a.request_id),
  );
  return rows.length > most ? rows.slice(0, most) : rows;
}
