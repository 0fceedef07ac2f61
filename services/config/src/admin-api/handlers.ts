import { channels } from '@keymux/channels';
import type { Calls } from '@keymux/bus';
import type { CallTable, configOperations } from '@keymux/contracts';
import {
  type AdminAuth,
  cameOverHttps,
  type Clock,
  type Handlers,
  problem,
  type Problem,
  type Reply,
} from '@keymux/service';
import type { Broadcast } from '../broadcast.ts';
import {
  decideChange,
  decideCreate,
  decideDelete,
  decideOrder,
  type GroupRules,
} from '../group/decide-group.ts';
import type { Change, ConfigLog } from '../revision/config-log.ts';
import { inOrder } from '../revision/state.ts';
import { LoginThrottle } from '../session/login-throttle.ts';
import { decideSettings } from '../settings/decide-settings.ts';
import { groupView, settingViews, type ViewDeps } from './group-view.ts';

/** Set by the edge on what it forwards: the client's address. */
const clientIpHeader = 'x-keymux-client-ip';
const pageSize = 100;

export interface HandlerDeps extends ViewDeps {
  readonly configLog: ConfigLog;
  readonly broadcast: Broadcast;
  readonly calls: Calls;
  readonly auth: AdminAuth;
  readonly clock: Clock;
  readonly forbidPrivate: boolean;
}

/** The config service's answers to the admin API. */
export function createHandlers(deps: HandlerDeps): Handlers<typeof configOperations> {
  const { configLog, broadcast, calls, auth, clock, vault } = deps;
  const throttle = new LoginThrottle();
  const rules: GroupRules = {
    forbidPrivate: deps.forbidPrivate,
    seal: (secret) => vault.seal(secret),
  };
  const etag = (revision: number) => ({ etag: `"${revision}"` });
  const reply = (made: Change | Problem, answer: (change: Change) => Reply): Reply =>
    made.kind === 'problem' ? made : answer(made);
  const groupReply = (made: Change | Problem, name: string, status: number): Reply =>
    reply(made, ({ state }) => {
      const known = state.groups.get(name);
      if (known === undefined) return problem('not_found');
      const location = status === 201 ? { location: `/api/groups/${name}` } : {};
      return {
        status,
        body: groupView(known, state, deps),
        headers: { ...etag(known.revision), ...location },
      };
    });
  const settingsReply = (): Reply => {
    const { state } = configLog;
    return {
      status: 200,
      body: { items: settingViews(state, deps), revision: state.settingsRevision },
      headers: { ...etag(state.settingsRevision), 'cache-control': 'no-store' },
    };
  };

  return {
    login: async ({ body, req }) => {
      const address = String(req.headers[clientIpHeader] ?? req.socket.remoteAddress ?? '');
      const waitMs = throttle.waitMs(address, clock.now());
      if (waitMs > 0) {
        const headers = { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
        return problem('too_many_requests', { detail: 'Too many wrong keys.', headers });
      }
      if (!auth.checkKey(body.auth_key)) {
        throttle.failed(address, clock.now());
        return problem('wrong_auth_key');
      }
      throttle.succeeded(address);
      const session = auth.issueSession({ secure: cameOverHttps(req) });
      return {
        status: 200,
        body: {
          actor: `session:${session.id}`,
          expires_at: new Date(session.expiresAt).toISOString(),
        },
        headers: { 'set-cookie': session.cookie, 'cache-control': 'no-store' },
      };
    },
    logout: async ({ identity, req }) => {
      if (identity.kind === 'admin' && identity.via === 'session') {
        auth.revoke(identity.sessionId, identity.expiresAt);
        broadcast.send({
          kind: 'session-revoked',
          revision: configLog.state.revision,
          session: identity.sessionId,
          until_ms: identity.expiresAt,
        });
      }
      return {
        status: 204,
        headers: { 'set-cookie': auth.clearCookie({ secure: cameOverHttps(req) }) },
      };
    },
    session: async ({ identity, actor }) => ({
      status: 200,
      body: {
        actor,
        expires_at:
          identity.kind === 'admin' && identity.via === 'session'
            ? new Date(identity.expiresAt).toISOString()
            : null,
      },
    }),
    listChannels: async () => ({
      status: 200,
      body: {
        items: channels.map(({ name, defaults }) => ({
          name,
          test_model: defaults.testModel,
          base_url: defaults.baseUrl,
        })),
      },
    }),
    listGroups: async ({ query }) => {
      const { state } = configLog;
      const text = query.q?.toLowerCase() ?? '';
      const all = inOrder(state).filter(
        ({ group }) => group.name.includes(text) || group.display_name.toLowerCase().includes(text),
      );
      const from = query.cursor === undefined ? 0 : Number(query.cursor);
      if (!Number.isSafeInteger(from) || from < 0) {
        return problem('invalid', { errors: [{ field: 'cursor', message: 'is not one of ours' }] });
      }
      const to = from + (query.limit ?? pageSize);
      return {
        status: 200,
        body: {
          items: all.slice(from, to).map((known) => groupView(known, state, deps)),
          next_cursor: to < all.length ? String(to) : null,
          total: all.length,
        },
      };
    },
    createGroup: async ({ body, actor }) => {
      const made = await configLog.change(actor, (state) => decideCreate(state, body, rules));
      return groupReply(made, body.name, 201);
    },
    orderGroups: async ({ body, actor }) => {
      const made = await configLog.change(actor, (state) => decideOrder(state, body.names));
      return reply(made, ({ state }) => ({ status: 200, body: { revision: state.revision } }));
    },
    getGroup: async ({ params }) => {
      const { state } = configLog;
      const known = state.groups.get(params.name);
      if (known === undefined)
        return problem('not_found', { detail: `There is no group ${params.name}.` });
      return { status: 200, body: groupView(known, state, deps), headers: etag(known.revision) };
    },
    changeGroup: async ({ params, body, actor, ifMatch }) => {
      const change = { name: params.name, patch: body, ifMatch };
      const made = await configLog.change(actor, (state) => decideChange(state, change, rules));
      return groupReply(made, params.name, 200);
    },
    deleteGroup: async ({ params, actor, ifMatch }) => {
      const made = await configLog.change(actor, (state) =>
        decideDelete(state, params.name, ifMatch),
      );
      return reply(made, () => ({ status: 204 }));
    },
    copyGroup: async ({ params, body, actor }) => {
      const source = configLog.state.groups.get(params.name)?.group;
      if (source === undefined) {
        return problem('not_found', { detail: `There is no group ${params.name}.` });
      }
      const copy = {
        ...source,
        name: body.name,
        sort: configLog.state.groups.size,
        proxy_keys: source.proxy_keys.map((sealed) => vault.open(sealed)),
      };
      const made = await configLog.change(actor, (state) => decideCreate(state, copy, rules));
      if (made.kind === 'problem') return made;
      const known = made.state.groups.get(body.name);
      if (known === undefined) return problem('not_found');
      const keys = body.keys ?? 'none';
      const taskId =
        keys === 'none' || source.type === 'aggregate'
          ? null
          : await copyKeys(calls, { from: source.name, to: body.name, keys, actor });
      const group = groupView(known, made.state, deps);
      return { status: 201, body: { group, task_id: taskId }, headers: etag(known.revision) };
    },
    getSettings: async () => settingsReply(),
    changeSettings: async ({ body, actor, ifMatch }) => {
      const made = await configLog.change(actor, (state) =>
        decideSettings(state, { patch: body, ifMatch }, rules.seal),
      );
      return reply(made, settingsReply);
    },
    listRevisions: async ({ query }) => {
      const before =
        query.cursor === undefined ? configLog.state.revision + 1 : Number(query.cursor);
      if (!Number.isSafeInteger(before)) {
        return problem('invalid', { errors: [{ field: 'cursor', message: 'is not one of ours' }] });
      }
      const items = await configLog.revisions(before, query.limit ?? pageSize);
      const oldest = items.at(-1)?.revision ?? 1;
      return {
        status: 200,
        body: {
          items,
          next_cursor: oldest > 1 ? String(oldest) : null,
          total: configLog.state.revision,
        },
      };
    },
    getRevision: async ({ params }) => {
      const [revision] = await configLog.revisions(params.revision + 1, 1);
      if (revision?.revision !== params.revision) return problem('not_found');
      return { status: 200, body: revision };
    },
  };
}

async function copyKeys(calls: Calls, request: CallTable['keys.copy']['request']): Promise<string> {
  const answer = await calls.call('keys.copy', request);
  if (typeof answer === 'object' && answer !== null && 'task_id' in answer) {
    return String(answer.task_id);
  }
  throw new Error('keys.copy was answered without a task');
}
