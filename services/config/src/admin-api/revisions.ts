import { invalidField, problem, type Problem } from '@keymux/service';
import { shownSecret } from '../proxy-key/prepare-secrets.ts';
import { decideRestore, type RestoreScope } from '../revision/decide-restore.ts';
import type { Decision } from '../revision/decision.ts';
import type { ConfigState } from '../revision/state.ts';
import { aboutOf } from '../revision/stored-event.ts';
import type { ConfigHandlers, HandlerDeps } from './handler-deps.ts';
import { previewIn } from './preview-in.ts';

const pageSize = 100;

/** Every change of the config, and the way back to any of them. */
export function revisionHandlers(
  deps: HandlerDeps,
): ConfigHandlers<'listRevisions' | 'getRevision' | 'restoreRevision'> {
  const { configLog, forbidPrivate, vault } = deps;
  const rules = {
    forbidPrivate,
    secrets: { shown: (field: string, value: unknown) => shownSecret(vault, field, value) },
  };
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
        headers: { etag: `"${next - 1}"` },
      };
    },
    getRevision: async ({ params }) => {
      const [revision] = await configLog.revisions(params.revision + 1, 1);
      if (revision?.revision !== params.revision) {
        return noRevision(params.revision);
      }
      return { status: 200, body: revision };
    },
    restoreRevision: async ({ params, query, actor, ifMatch }) => {
      const { group, only, dry_run: dryRun } = query;
      if (group !== undefined && only !== undefined) {
        return invalidField('only', 'does not go with group');
      }
      const { revision } = params;
      const past = await configLog.stateAt(revision);
      if (past === undefined) return noRevision(revision);
      const restore = { revision, past, scope: scopeOf(group, only), ifMatch };
      const decide = (state: ConfigState): Decision => decideRestore(state, restore, rules);
      const made =
        dryRun === true ? await configLog.preview(decide) : await configLog.change(actor, decide);
      if (made.kind === 'problem') return made;
      const { before, event, state } = made;
      const body = { restored: revision, diff: event === null ? [] : aboutOf(event).diff };
      if (dryRun === true) {
        const preview = previewIn(deps, made);
        return { status: 200, body: { ...body, revision: before.revision, preview } };
      }
      return {
        status: 200,
        body: { ...body, revision: state.revision },
        headers: { etag: `"${state.revision}"` },
      };
    },
  };
}

function scopeOf(group: string | undefined, only: 'settings' | undefined): RestoreScope {
  if (group !== undefined) return { kind: 'group', name: group };
  return { kind: only ?? 'all' };
}

function noRevision(revision: number): Problem {
  return problem('not_found', { detail: `There is no revision ${revision}.` });
}
