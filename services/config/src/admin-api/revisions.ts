import { invalidField, problem } from '@keymux/service';
import type { ConfigHandlers, HandlerDeps } from './handler-deps.ts';

const pageSize = 100;

/** Every change of the config. */
export function revisionHandlers({
  configLog,
}: HandlerDeps): ConfigHandlers<'listRevisions' | 'getRevision'> {
  return {
    listRevisions: async ({ query }) => {
      const next = configLog.state.revision + 1;
      const { cursor = String(next), limit = pageSize } = query;
      if (!/^\d{1,15}$/.test(cursor)) return invalidField('cursor', 'is not one of ours');
      const items = await configLog.revisions(Math.min(Number(cursor), next), limit);
      const oldest = items.at(-1)?.revision ?? 1;
      return {
        status: 200,
        body: {
          items,
          next_cursor: oldest > 1 ? String(oldest) : null,
          total: next - 1,
        },
      };
    },
    getRevision: async ({ params }) => {
      const [revision] = await configLog.revisions(params.revision + 1, 1);
      if (revision?.revision !== params.revision) {
        return problem('not_found', { detail: `There is no revision ${params.revision}.` });
      }
      return { status: 200, body: revision };
    },
  };
}
