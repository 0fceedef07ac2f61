import type { IncomingMessage } from 'node:http';
import type { CallTable, GroupPatch } from '@keymux/contracts';
import { cameTo, invalidField, problem, type Problem, type Reply } from '@keymux/service';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import {
  decideChange,
  decideCopy,
  decideCreate,
  decideDelete,
  decideOrder,
  type GroupRules,
} from '../group/decide-group.ts';
import { prepareSecrets, shownSecret } from '../proxy-key/prepare-secrets.ts';
import { holdsCredentials } from '../proxy-key/secrets.ts';
import type { Change } from '../revision/config-log.ts';
import type { Decision } from '../revision/decision.ts';
import { type ConfigState, inOrder, type KnownGroup, sealedOf } from '../revision/state.ts';
import { cursorAfter, isAfter, readCursor } from './group-cursor.ts';
import { groupView } from './group-view.ts';
import type { ConfigHandlers, HandlerDeps } from './handler-deps.ts';
import { previewIn } from './preview-in.ts';

const pageSize = 100;
const CopyStarted = Type.Object({ task_id: Type.String() });

/** A group that was asked for, and by which request. */
interface Asked {
  readonly name: string;
  readonly req: IncomingMessage;
}

interface Seen {
  readonly known: KnownGroup;
  readonly state: ConfigState;
  readonly req: IncomingMessage;
}

type GroupOperation =
  | 'listGroups'
  | 'createGroup'
  | 'orderGroups'
  | 'getGroup'
  | 'changeGroup'
  | 'deleteGroup'
  | 'copyGroup';

/** Groups. */
export function groupHandlers(deps: HandlerDeps): ConfigHandlers<GroupOperation> {
  const { auth, calls, configLog, forbidPrivate, log, vault } = deps;
  const parts = { vault, isAuthKey: auth.checkKey };
  const shown = (field: string, value: unknown): unknown => shownSecret(vault, field, value);

  // Sealing takes randomness, so it is done before the decision; what is sealed already stays as it is.
  function rulesFor(asked: GroupPatch, name: string, state: ConfigState): GroupRules {
    const { proxy_url } = asked.config ?? {};
    const given = [
      ...(asked.proxy_keys ?? []),
      ...(typeof proxy_url === 'string' && holdsCredentials(proxy_url) ? [proxy_url] : []),
    ];
    const known = state.groups.get(name)?.group;
    const sealed = known === undefined ? [] : sealedOf(known);
    return { forbidPrivate, secrets: prepareSecrets(parts, given, sealed) };
  }

  const view = ({ known, state, req }: Seen) =>
    groupView(known, state, { ...deps, cameTo: cameTo(req) });

  // What a change would make of a group; nothing of it is kept.
  async function dryRun(
    { name, req }: Asked,
    decide: (state: ConfigState) => Decision,
  ): Promise<Reply | Problem> {
    const made = await configLog.preview(decide);
    if (made.kind === 'problem') return made;
    const preview = previewIn(deps, made);
    const known = made.state.groups.get(name);
    if (known === undefined) return { status: 200, body: { preview } };
    const revision = made.before.groups.get(name)?.revision ?? 0;
    return { status: 200, body: { ...view({ known, state: made.state, req }), revision, preview } };
  }

  function groupReply(made: Change | Problem, { name, req }: Asked, status: 200 | 201): Reply {
    if (made.kind === 'problem') return made;
    const known = made.state.groups.get(name);
    if (known === undefined) return noGroup(name);
    return {
      status,
      body: view({ known, state: made.state, req }),
      headers: {
        etag: `"${known.revision}"`,
        ...(status === 201 ? { location: `/api/groups/${name}` } : {}),
      },
    };
  }

  async function copyKeys(request: CallTable['keys.copy']['request']): Promise<string | Problem> {
    try {
      return Value.Parse(CopyStarted, await calls.call('keys.copy', request)).task_id;
    } catch (error) {
      log.warn({ err: error, from: request.from, to: request.to }, 'keys were not copied');
      const detail = `The group ${request.to} was made, but its keys could not be copied.`;
      return problem('unavailable', { detail });
    }
  }

  return {
    listGroups: async ({ query, req }) => {
      const { state } = configLog;
      const text = query.q?.toLowerCase() ?? '';
      const found = inOrder(state).filter(
        ({ group }) => group.name.includes(text) || group.display_name.toLowerCase().includes(text),
      );
      const place = query.cursor === undefined ? undefined : readCursor(query.cursor);
      if (place === null) return invalidField('cursor', 'is not one of ours');
      const rest = place === undefined ? found : found.filter(({ group }) => isAfter(group, place));
      const page = rest.slice(0, query.limit ?? pageSize);
      const last = page.at(-1)?.group;
      return {
        status: 200,
        body: {
          items: page.map((known) => view({ known, state, req })),
          next_cursor: last === undefined || page.length === rest.length ? null : cursorAfter(last),
          total: found.length,
        },
        headers: { etag: `"${state.revision}"` },
      };
    },
    createGroup: async ({ body, query, actor, req }) => {
      const { name } = body;
      const decide = (state: ConfigState): Decision =>
        decideCreate(state, body, rulesFor(body, name, state));
      if (query.dry_run === true) return dryRun({ name, req }, decide);
      return groupReply(await configLog.change(actor, decide), { name, req }, 201);
    },
    orderGroups: async ({ body, actor, ifMatch }) => {
      const made = await configLog.change(actor, (state) =>
        decideOrder(state, body.names, ifMatch),
      );
      if (made.kind === 'problem') return made;
      return { status: 200, body: { revision: made.state.revision } };
    },
    getGroup: async ({ params: { name }, req }) => {
      const { state } = configLog;
      const made: Change = { kind: 'changed', before: state, state, event: null };
      return groupReply(made, { name, req }, 200);
    },
    changeGroup: async ({ params, body, query, actor, ifMatch, req }) => {
      const { name } = params;
      const decide = (state: ConfigState): Decision =>
        decideChange(state, { name, patch: body, ifMatch }, rulesFor(body, name, state));
      if (query.dry_run === true) return dryRun({ name, req }, decide);
      return groupReply(await configLog.change(actor, decide), { name, req }, 200);
    },
    deleteGroup: async ({ params, query, actor, ifMatch, req }) => {
      const { name } = params;
      const decide = (state: ConfigState): Decision =>
        decideDelete(state, { name, ifMatch }, { shown });
      if (query.dry_run === true) return dryRun({ name, req }, decide);
      const made = await configLog.change(actor, decide);
      return made.kind === 'problem' ? made : { status: 204 };
    },
    copyGroup: async ({ params, body, actor, ifMatch, req }) => {
      const copy = { from: params.name, to: body.name, ifMatch };
      const made = await configLog.change(actor, (state) =>
        decideCopy(state, copy, { forbidPrivate, secrets: { shown } }),
      );
      if (made.kind === 'problem') return made;
      const known = made.state.groups.get(body.name);
      if (known === undefined) return noGroup(body.name);
      const { keys = 'none' } = body;
      // An aggregate has no keys of its own.
      const taskId =
        keys === 'none' || known.group.type === 'aggregate'
          ? null
          : await copyKeys({ from: copy.from, to: copy.to, keys, actor });
      if (taskId !== null && typeof taskId !== 'string') return taskId;
      return {
        status: 201,
        body: { group: view({ known, state: made.state, req }), task_id: taskId },
        headers: { etag: `"${known.revision}"`, location: `/api/groups/${body.name}` },
      };
    },
  };
}

function noGroup(name: string): Problem {
  return problem('not_found', { detail: `There is no group ${name}.` });
}
