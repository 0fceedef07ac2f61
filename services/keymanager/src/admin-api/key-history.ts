import type { keymanagerOperations } from '@keymux/contracts';
import { type Handler, isProblem, problem } from '@keymux/service';
import { readKeyHistory } from '../history/key-history.ts';
import type { AdminDeps } from './admin-deps.ts';
import { readCursor, toCursor } from './cursor.ts';

const defaultPage = 100;

/** The events of a key. */
export function createHistoryHandler({
  store,
}: AdminDeps): Handler<(typeof keymanagerOperations)['keyHistory']> {
  return async ({ params, query }) => {
    const { id } = params;
    const before = readCursor(query.cursor, 'history', 1);
    if (isProblem(before)) return before;
    const { limit = defaultPage } = query;
    const page = await readKeyHistory(store, { id, beforeVersion: before?.[0] ?? null, limit });
    if (page === undefined) return problem('not_found', { detail: 'there is no such key' });
    const { items, next, total } = page;
    const next_cursor = next === null ? null : toCursor(['history', next]);
    return { status: 200, body: { items, next_cursor, total } };
  };
}
