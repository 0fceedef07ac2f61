import { createServer, type Server } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { createInProcessBus, createInProcessCalls, type Message } from '@keymux/bus';
import { createInProcessCoordination } from '@keymux/coordination';
import { createSqliteEventStore, eventStoreMigrations, type EventStore } from '@keymux/event-store';
import { createAdminAuth, createLogger, migrate } from '@keymux/service';
import { createAdminApp } from '@keymux/service/admin';
import { createVault } from '@keymux/vault';
import { afterEach, describe, expect, it } from 'vitest';
import { type ConfigService, createConfig } from './service.ts';

const log = createLogger({
  service: 'test',
  level: 'error',
  format: 'json',
  write: () => undefined,
});
const clock = { now: () => 1_800_000_000_000 };
const vault = createVault('test encryption key');

interface Started {
  readonly config: ConfigService;
  readonly url: string;
  readonly told: Message[];
  readonly store: EventStore;
  ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function newStore(): EventStore {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE schema_versions (component TEXT PRIMARY KEY, version INTEGER) STRICT');
  migrate(db, eventStoreMigrations);
  return createSqliteEventStore(db);
}

async function start(store = newStore()): Promise<Started> {
  const bus = createInProcessBus({
    deadLetters: { park: async () => undefined },
    followerFailed: (error) => {
      throw error;
    },
  });
  const calls = createInProcessCalls();
  const auth = createAdminAuth({ authKey: 'admin-key', clock, sessionTtlMs: 60_000 });
  const told: Message[] = [];
  await bus.follow('CONFIG', (message) => void told.push(message));
  const config = createConfig({
    store,
    bus,
    calls,
    vault,
    auth,
    log,
    clock,
    coordination: createInProcessCoordination(),
    environmentSettings: { max_retries: 7 },
    forbidPrivate: false,
  });
  await config.start();
  const server: Server = createServer(createAdminApp([config.router], { log }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await config.stop();
    await bus.close();
    await calls.close();
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    config,
    url,
    told,
    store,
    async ask(method, path, body, headers = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: 'Bearer admin-key',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const parsed: Record<string, unknown> = text === '' ? {} : JSON.parse(text);
      return { status: response.status, headers: response.headers, body: parsed };
    },
  };
}

const group = (name: string, more: object = {}) => ({
  name,
  channel: 'openai',
  upstreams: [{ url: 'https://api.example.com', weight: 1 }],
  ...more,
});

const fieldsOf = ({ body }: Answer) =>
  Array.isArray(body['errors']) ? body['errors'].map((each: { field: string }) => each.field) : [];

describe('groups', () => {
  it('are created, read, changed and deleted, and everybody is told', async () => {
    const { ask, told, url } = await start();
    const created = await ask('POST', '/api/groups', group('main'));
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'main',
      enabled: true,
      endpoint: `${url}/proxy/main`,
      effective_config: {
        max_retries: { value: 7, source: 'environment' },
        blacklist_threshold: { value: 3, source: 'default' },
      },
    });
    const changed = await ask('PATCH', '/api/groups/main', { config: { max_retries: 1 } });
    expect(changed.body).toMatchObject({
      effective_config: { max_retries: { value: 1, source: 'group' } },
    });
    const back = await ask('PATCH', '/api/groups/main', { config: { max_retries: null } });
    expect(back.body).toMatchObject({
      effective_config: { max_retries: { value: 7, source: 'environment' } },
    });
    expect((await ask('DELETE', '/api/groups/main')).status).toBe(204);
    expect((await ask('GET', '/api/groups/main')).status).toBe(404);
    const kinds = told.map(({ subject }) => subject);
    expect(kinds.slice(-4)).toEqual([
      'config.group',
      'config.group',
      'config.group',
      'config.group-deleted',
    ]);
  });

  it.each([
    ['no upstream', { upstreams: [] }, 'upstreams'],
    ['no weight', { upstreams: [{ url: 'https://a.example', weight: 0 }] }, 'upstreams'],
    ['another scheme', { upstreams: [{ url: 'ftp://a.example', weight: 1 }] }, 'upstreams[0].url'],
    [
      'credentials',
      { upstreams: [{ url: 'https://u:p@a.example', weight: 1 }] },
      'upstreams[0].url',
    ],
    ['a wrong name', { name: 'No Good' }, 'name'],
    ['an unknown channel', { channel: 'smoke-signals' }, 'channel'],
    ['an unknown field', { colour: 'red' }, 'colour'],
    ['an unknown setting', { config: { max_retrys: 1 } }, 'config.max_retrys'],
    ['a setting out of range', { config: { max_retries: 1_000 } }, 'config.max_retries'],
    ['a setting of a wrong type', { config: { max_retries: 'many' } }, 'config.max_retries'],
    [
      'a header of ours',
      { header_rules: [{ name: 'Host', action: 'set', value: 'x' }] },
      'header_rules[0].name',
    ],
    [
      'a header without value',
      { header_rules: [{ name: 'x-a', action: 'set' }] },
      'header_rules[0].value',
    ],
    [
      'seconds without cooldown',
      { error_rules: [{ status: 418, verdict: 'pass', seconds: 5 }] },
      'error_rules[0].seconds',
    ],
    ['huge overrides', { param_overrides: { a: 'x'.repeat(70_000) } }, 'param_overrides'],
    [
      'a member that is not there',
      { type: 'aggregate', upstreams: [], members: [{ group: 'nobody', weight: 1 }] },
      'members[0].group',
    ],
  ])('are refused with %s, naming the field, and nothing changes', async (_what, more, field) => {
    const { ask } = await start();
    const refused = await ask('POST', '/api/groups', group('main', more));
    expect(refused.status).toBe(422);
    expect(fieldsOf(refused)).toContain(field);
    expect((await ask('GET', '/api/groups')).body).toMatchObject({ total: 0 });
  });

  it('let one of two win who want the same name', async () => {
    const { ask } = await start();
    const both = await Promise.all([1, 2].map(() => ask('POST', '/api/groups', group('main'))));
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
  });

  it('refuse a change that was made from an old revision', async () => {
    const { ask } = await start();
    const created = await ask('POST', '/api/groups', group('main'));
    const etag = created.headers.get('etag') ?? '';
    const change = (description: string) =>
      ask('PATCH', '/api/groups/main', { description }, { 'if-match': etag });
    const both = await Promise.all([change('one'), change('two')]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  });

  it('cannot go while an aggregate needs them', async () => {
    const { ask } = await start();
    await ask('POST', '/api/groups', group('main'));
    const aggregate = {
      name: 'all',
      type: 'aggregate',
      channel: 'openai',
      members: [{ group: 'main', weight: 1 }],
    };
    expect((await ask('POST', '/api/groups', aggregate)).status).toBe(201);
    const refused = await ask('DELETE', '/api/groups/main');
    expect(refused.status).toBe(409);
    expect(refused.body['detail']).toContain('all');
  });

  it('come back after a restart with revisions, order and proxy keys', async () => {
    const first = await start();
    await first.ask('POST', '/api/groups', group('b', { proxy_keys: ['sk-team-secret'] }));
    await first.ask('POST', '/api/groups', group('a'));
    await first.ask('PUT', '/api/groups/order', { names: ['a', 'b'] });
    const second = await start(first.store);
    const { body } = await second.ask('GET', '/api/groups');
    expect(body).toMatchObject({
      items: [{ name: 'a' }, { name: 'b', proxy_keys: ['sk-team-secret'] }],
    });
    const history = await second.ask('GET', '/api/config/revisions');
    expect(history.body).toMatchObject({
      total: 4,
      items: [{ revision: 4, type: 'GroupsOrdered' }, {}, {}, {}],
    });
  });

  it('keep secrets out of events and messages', async () => {
    const { ask, store, told, config } = await start();
    await ask('POST', '/api/groups', group('main', { proxy_keys: ['sk-team-secret'] }));
    await ask('PATCH', '/api/groups/main', { proxy_keys: ['sk-other-secret'] });
    const kept = JSON.stringify([await store.readAll(0, 1_000), told]);
    for (const secret of ['sk-team-secret', 'sk-other-secret', config.newProxyKey ?? 'none']) {
      expect(kept).not.toContain(secret);
    }
  });
});

describe('settings', () => {
  it('say where each value comes from, and go back with null', async () => {
    const { ask } = await start();
    const find = ({ body }: Answer, name: string): unknown =>
      Array.isArray(body['items'])
        ? body['items'].find((each: { name: string }) => each.name === name)
        : undefined;
    const set = await ask('PATCH', '/api/settings', { max_retries: 2 });
    expect(find(set, 'max_retries')).toMatchObject({ value: 2, source: 'system', default: 3 });
    const back = await ask('PATCH', '/api/settings', { max_retries: null });
    expect(find(back, 'max_retries')).toMatchObject({ value: 7, source: 'environment' });
  });

  it.each([
    ['max_retries', -1],
    ['max_retries', 1.5],
    ['enable_request_body_logging', 'yes'],
    ['proxy_url', 'gopher://x'],
    ['app_url', 'not an address'],
    ['proxy_keys', 'short'],
    ['no_such_setting', 1],
  ])('refuse %s = %j, naming it, and keep the rest as it was', async (name, value) => {
    const { ask } = await start();
    const before = await ask('GET', '/api/settings');
    const refused = await ask('PATCH', '/api/settings', { blacklist_threshold: 9, [name]: value });
    expect(refused.status).toBe(422);
    expect(fieldsOf(refused)).toContain(name);
    expect((await ask('GET', '/api/settings')).body).toEqual(before.body);
  });

  it('have a proxy key from the first start on, made once', async () => {
    const first = await start();
    expect(first.config.newProxyKey).toMatch(/^sk-keymux-/);
    const second = await start(first.store);
    expect(second.config.newProxyKey).toBeNull();
  });
});

describe('sessions', () => {
  it('are opened with the key and ended everywhere', async () => {
    const { ask, told } = await start();
    const anonymous = { authorization: '' };
    const login = await ask('POST', '/api/auth/login', { auth_key: 'admin-key' }, anonymous);
    expect(login.status).toBe(200);
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(
      (await ask('GET', '/api/auth/session', undefined, { ...anonymous, cookie })).status,
    ).toBe(200);
    const out = await ask('POST', '/api/auth/logout', undefined, {
      ...anonymous,
      cookie,
      'sec-fetch-site': 'same-origin',
    });
    expect(out.status).toBe(204);
    expect(
      (await ask('GET', '/api/auth/session', undefined, { ...anonymous, cookie })).status,
    ).toBe(401);
    expect(told.at(-1)?.subject).toBe('config.session-revoked');
  });

  it('make who guesses wait', async () => {
    const { ask } = await start();
    const statuses: number[] = [];
    for (let each = 0; each < 6; each += 1) {
      const { status } = await ask(
        'POST',
        '/api/auth/login',
        { auth_key: 'guess' },
        { authorization: '' },
      );
      statuses.push(status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });
});
