import type { keymanagerOperations, VerdictView } from '@keymux/contracts';
import { type Handler, isProblem } from '@keymux/service';
import { readVerdict } from '../key/verdict.ts';
import type { ListedVerdict } from '../roster/verdicts.ts';
import type { AdminDeps } from './admin-deps.ts';
import { readCursor, toCursor } from './cursor.ts';

const defaultPage = 50;

/** What policies decided on keys. */
export function createVerdictsHandler({
  roster,
}: Pick<AdminDeps, 'roster'>): Handler<(typeof keymanagerOperations)['listVerdicts']> {
  return async ({ query }) => {
    const { group, kind, limit = defaultPage } = query;
    const before = readCursor(query.cursor, 'verdicts', 1);
    if (isProblem(before)) return before;
    const page = await roster.verdicts.page({
      ...(group === undefined ? {} : { group }),
      ...(kind === undefined ? {} : { kind }),
      before: before?.[0] ?? null,
      // One more, which tells whether there is a next page.
      limit: limit + 1,
    });
    const items = page.slice(0, limit);
    const last = page.length > limit ? items.at(-1) : undefined;
    const next_cursor = last === undefined ? null : toCursor(['verdicts', last.event.position]);
    return { status: 200, body: { items: items.flatMap(verdictView), next_cursor } };
  };
}

// What a later version wrote and this one cannot read is left out.
function verdictView({ group, keyId, masked, event }: ListedVerdict): VerdictView[] {
  const verdict = readVerdict(event);
  if (verdict === undefined) return [];
  return [{ id: event.id, time: event.time, group, key_id: keyId, masked, ...verdict }];
}
