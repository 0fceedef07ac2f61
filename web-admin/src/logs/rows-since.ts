import type { Answer, Query } from '../api/api.ts';
import type { LogRow } from '../api/generated.ts';
import type { LogQuery } from './log-filters.ts';

const pageSize = 500;
/** A search of many rows goes on in as many answers at most. */
const mostPages = 20;

/** Rows since a time: all, or the newest without a hole. */
export interface RowsSince {
  readonly rows: readonly LogRow[];
  readonly isWhole: boolean;
}

/** The rows of a query that began at a time or later, newest first; where there are more than `most`, not all. */
export async function rowsSince(
  from: string,
  { query, most }: { readonly query: LogQuery; readonly most: number },
  ask: (query: Query<'listLogs'>) => Promise<Answer<'listLogs'>>,
): Promise<RowsSince> {
  const since = query.from !== undefined && query.from > from ? query.from : from;
  const rows: LogRow[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    const answer: Answer<'listLogs'> = await ask({
      ...query,
      from: since,
      limit: pageSize,
      ...(cursor === null ? {} : { cursor }),
    });
    rows.push(...answer.items);
    cursor = answer.next_cursor;
    if (cursor === null) return { rows, isWhole: true };
    if (rows.length >= most) break;
  }
  return { rows, isWhole: false };
}
