import { invalidField } from '@keymux/service';
import type { ConfigHandlers, HandlerDeps } from './handler-deps.ts';

const pageSize = 100;

/** What people did. */
export function auditHandlers({ audit }: HandlerDeps): ConfigHandlers<'listAudit'> {
  return {
    listAudit: async ({ query }) => {
      const { cursor, limit = pageSize } = query;
      if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
        return invalidField('cursor', 'is not one of ours');
      }
      const before = cursor === undefined ? null : Number(cursor);
      const { items, next, total } = await audit.page(before, limit);
      const next_cursor = next === null ? null : String(next);
      return { status: 200, body: { items, next_cursor, total } };
    },
  };
}
