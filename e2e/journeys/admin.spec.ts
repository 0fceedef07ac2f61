import { readFileSync } from 'node:fs';
import { configOperations, NewGroupSchema, operations } from '@keymux/contracts';
import { afterAll, describe, expect, it } from 'vitest';
import { startKeymux, type Keymux } from '../product/keymux.ts';
import { addServing, at, groupName, useHouse } from '../product/house.ts';

const house = useHouse({
  env: {
    ENABLE_CORS: 'true',
    ALLOWED_ORIGINS: 'https://console.example',
    ALLOW_CREDENTIALS: 'true',
    MAX_IDLE_CONNS: '150',
  },
});
const api = () => house.keymux.api;
const started: Keymux[] = [];
afterAll(async () => {
  for (const each of started) await each.close();
});

const concrete = (path: string) => path.replaceAll(/\{\w+\}/g, '1');
const problem = expect.objectContaining({
  type: expect.any(String),
  title: expect.any(String),
  status: expect.any(Number),
});

describe('the admin API', () => {
  it('describes itself in OpenAPI 3.1, every call of the table', async () => {
    const reply = await fetch(`${house.keymux.url}/api/openapi.json`);
    const document = await reply.json();
    expect(document).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./) });
    for (const { method, path } of operations) {
      expect(document, `${method} ${path}`).toHaveProperty(['paths', path, method.toLowerCase()]);
    }
  });

  it.each(
    operations.filter((each) => each.auth === 'admin').map((each) => [each.method, each.path]),
  )('%s %s wants a login', async (method = '', path = '') => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { cookie: 'keymux_session=x' }]) {
      const reply = await fetch(house.keymux.url + concrete(path), { method, headers });
      expect(reply.status).toBe(401);
      expect(reply.headers.get('content-type')).toContain('application/problem+json');
      expect(await reply.json()).toEqual(problem);
    }
  });

  it('takes the group that docs/groups.md shows, and has every field that the page explains', async () => {
    const page = readFileSync(new URL('../../docs/groups.md', import.meta.url), 'utf8');
    const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
    const shown: Record<string, unknown> = JSON.parse(example);
    const made = await api().request('POST', '/api/groups?dry_run=true', {
      body: shown,
    });
    expect([made.status, made.json]).toEqual([200, expect.anything()]);
    const explained = Array.from(page.matchAll(/^\| (`.*?`) +\|/gm), ([, names = '']) =>
      names.split(', ').map((name) => name.slice(1, -1)),
    ).flat();
    const texts = ['name', 'display_name', 'description', 'sort'];
    expect([...explained, ...texts].toSorted()).toEqual(
      Object.keys(NewGroupSchema.properties).toSorted(),
    );
  });

  it('takes no credential from the address', async () => {
    const { authKey, url } = house.keymux;
    for (const name of ['key', 'auth_key', 'token', 'access_token']) {
      expect((await fetch(`${url}/api/groups?${name}=${authKey}`)).status).toBe(401);
    }
  });

  it('answers unknown addresses and methods with problem details', async () => {
    const nowhere = await api().request('GET', '/api/nowhere');
    expect([nowhere.status, nowhere.json]).toEqual([404, problem]);
    const method = await api().request('PUT', '/api/settings');
    expect([method.status, method.json]).toEqual([405, problem]);
    expect(method.headers.get('allow')).toContain('PATCH');
  });

  it('reads bodies strictly', async () => {
    const groups = (body: unknown, type = 'application/json') =>
      api().request('POST', '/api/groups', { body, headers: { 'content-type': type } });
    const upstreams = at(house.simulator);
    const cases: [number, string, unknown, string?][] = [
      [400, 'broken JSON', '{"name":'],
      [415, 'another type', '<xml/>', 'application/xml'],
      [422, 'nothing', '{}'],
      [422, 'a list', '[]'],
      [422, 'a wrong name', JSON.stringify({ name: 'No Spaces!', channel: 'openai', upstreams })],
      [422, 'an unknown channel', JSON.stringify({ name: 'ok', channel: 'smtp', upstreams })],
      [
        422,
        'an unknown field',
        JSON.stringify({ name: 'ok', channel: 'openai', upstreams, extra: 1 }),
      ],
      [
        422,
        'an upstream that is no address',
        JSON.stringify({ name: 'ok', channel: 'openai', upstreams: [{ url: 'x', weight: 1 }] }),
      ],
      [
        422,
        'a member that does not exist',
        JSON.stringify({
          name: 'ok',
          type: 'aggregate',
          channel: 'openai',
          members: [{ group: 'nowhere', weight: 1 }],
        }),
      ],
      [413, 'a huge body', `{"name":"${'x'.repeat(30_000_000)}"}`],
    ];
    for (const [status, about, body, type] of cases) {
      const reply = await groups(body, type);
      expect([about, reply.status]).toEqual([about, status]);
      expect(reply.json).toEqual(problem);
      expect(reply.text).not.toMatch(/\bat .*\.[jt]s:\d+/);
    }
    const wrong = await groups(JSON.stringify({ name: 'No!', channel: 'openai' }));
    expect(wrong.json).toMatchObject({
      errors: expect.arrayContaining([{ field: 'name', message: expect.any(String) }]),
    });
    expect((await api().request('GET', '/api/groups/ok')).status).toBe(404);
  });

  it('takes each name once, however many ask at the same time', async () => {
    const name = groupName();
    const replies = await Promise.all(
      Array.from({ length: 8 }, () =>
        api().request('POST', '/api/groups', {
          body: { name, channel: 'openai', upstreams: at(house.simulator) },
        }),
      ),
    );
    expect(replies.map((each) => each.status).toSorted()).toEqual([201, ...Array(7).fill(409)]);
  });

  it('keeps, lists, changes, copies, orders and deletes groups', async () => {
    const { name, secrets } = await addServing(house, { channel: 'anthropic' }, 3);
    const group = await api().changeGroup(name, {
      config: { max_retries: 1 },
      display_name: 'One',
    });
    expect(group).toMatchObject({
      display_name: 'One',
      effective_config: {
        max_retries: { value: 1, source: 'group' },
        connect_timeout: { value: 15, source: 'default' },
      },
    });
    expect(group.endpoint).toContain(`/proxy/${name}`);
    const copy = groupName('copy');
    const copied = await api().call(configOperations.copyGroup, {
      params: { name },
      body: { name: copy, keys: 'all' },
    });
    if (copied.task_id !== null) await api().taskEnd(copied.task_id);
    expect(await api().keys(copy)).toHaveLength(secrets.length);
    await api().call(configOperations.orderGroups, { body: { names: [copy, name] } });
    const { items } = await api().call(configOperations.listGroups);
    const order = items.map((each) => each.name);
    expect(order.indexOf(copy)).toBeLessThan(order.indexOf(name));
    await api().call(configOperations.deleteGroup, { params: { name: copy } });
    expect((await api().request('GET', `/api/groups/${copy}`)).status).toBe(404);
    expect((await api().request('GET', `/api/groups/${copy}/keys`)).status).toBe(404);
    const revisions = await api().call(configOperations.listRevisions);
    expect(revisions.items[0]).toMatchObject({ type: 'GroupDeleted', subject: copy });
    const test = await api().request('POST', `/api/groups/${name}/test`);
    expect(test.json).toMatchObject({
      results: [{ upstream: expect.stringContaining(house.simulator.url), ok: true, status: 200 }],
    });
  });

  it('tells changes live', async () => {
    const leave = new AbortController();
    const events = await fetch(`${house.keymux.url}/api/events`, {
      headers: { authorization: `Bearer ${house.keymux.authKey}` },
      signal: leave.signal,
    });
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    let heard = '';
    const reading = (async () => {
      for await (const chunk of events.body ?? []) heard += Buffer.from(chunk).toString();
    })().catch(() => 'left');
    const { name } = await addServing(house, { channel: 'openai' });
    await expect.poll(() => heard).toContain(name);
    leave.abort();
    await reading;
  });

  it('shows a page at / and the channels', async () => {
    const page = await fetch(`${house.keymux.url}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const channels = await api().call(configOperations.listChannels);
    expect(channels.items.map((each) => each.name).toSorted()).toEqual([
      'anthropic',
      'gemini',
      'openai',
      'openai-response',
    ]);
  });
});

describe('sessions', () => {
  const login = (auth_key: string) =>
    fetch(`${house.keymux.url}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth_key }),
    });

  it('open with the auth key, in a cookie that scripts of a page cannot read, and end', async () => {
    const reply = await login(house.keymux.authKey);
    expect(reply.status).toBe(200);
    const set = reply.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/HttpOnly/i);
    expect(set).toMatch(/SameSite=(Strict|Lax)/i);
    const headers = { cookie: set.split(';')[0] ?? '' };
    const get = (path: string) => fetch(house.keymux.url + path, { headers });
    expect((await get('/api/groups')).status).toBe(200);
    expect(await (await get('/api/auth/session')).json()).toMatchObject({
      expires_at: expect.any(String),
    });
    const logout = await fetch(`${house.keymux.url}/api/auth/logout`, { method: 'POST', headers });
    expect(logout.status).toBe(204);
    await expect.poll(async () => (await get('/api/groups')).status).toBe(401);
  });

  it('are not used by pages of other sites', async () => {
    const reply = await login(house.keymux.authKey);
    const cookie = (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const forged = await fetch(`${house.keymux.url}/api/groups`, {
      method: 'POST',
      headers: { cookie, origin: 'https://evil.example', 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'forged', channel: 'openai', upstreams: [] }),
    });
    expect(forged.status).toBe(403);
  });

  it('are throttled after wrong keys, while the right bearer token still works', async () => {
    const keymux = await startKeymux();
    started.push(keymux);
    const statuses: number[] = [];
    let last: Response | undefined;
    for (let round = 0; round < 40 && statuses.at(-1) !== 429; round += 1) {
      last = await fetch(`${keymux.url}/api/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ auth_key: `wrong-${round}` }),
      });
      statuses.push(last.status);
    }
    expect(statuses[0]).toBe(401);
    expect(statuses.at(-1)).toBe(429);
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await keymux.api.request('GET', '/api/groups')).status).toBe(200);
  });
});

describe('CORS', () => {
  const preflight = (path: string, origin: string) =>
    fetch(house.keymux.url + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-custom',
      },
    });

  it.each(['/api/groups', '/proxy/any/v1/chat/completions'])(
    'answers allowed origins only at %s',
    async (path) => {
      const allowed = await preflight(path, 'https://console.example');
      expect([200, 204]).toContain(allowed.status);
      expect(allowed.headers.get('access-control-allow-origin')).toBe('https://console.example');
      expect(allowed.headers.get('access-control-allow-credentials')).toBe('true');
      expect(allowed.headers.get('access-control-allow-headers')).toMatch(/x-custom|\*/i);
      const other = await preflight(path, 'https://evil.example');
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it('marks proxied answers too', async () => {
    const { url } = await addServing(house, { channel: 'openai' });
    const reply = await fetch(`${url}/v1/models`, {
      headers: {
        origin: 'https://console.example',
        authorization: `Bearer ${house.keymux.proxyKey}`,
      },
    });
    expect(reply.headers.get('access-control-allow-origin')).toBe('https://console.example');
  });
});
