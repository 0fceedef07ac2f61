import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { operations as contractOperations, type Operation } from '@keymux/contracts';
import { Type } from 'typebox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAdminAuth } from './admin-auth.ts';
import { createAdminApp, createAdminRouter, type Handlers } from './admin-http.ts';
import { newId, timeOfId } from './ids.ts';
import { createLogger } from './logger.ts';
import { problem } from './problem.ts';

const operations = {
  listThings: {
    id: 'listThings',
    owner: 'config',
    method: 'GET',
    path: '/api/things',
    summary: 'Things.',
    tag: 'things',
    auth: 'admin',
    query: Type.Object(
      {
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
        dry_run: Type.Optional(Type.Boolean()),
        status: Type.Optional(Type.Enum(['active', 'disabled'])),
        tag: Type.Optional(Type.Array(Type.String())),
      },
      { additionalProperties: false },
    ),
    responses: { 200: Type.Object({ items: Type.Array(Type.Unknown()) }) },
  },
  createThing: {
    id: 'createThing',
    owner: 'config',
    method: 'POST',
    path: '/api/things',
    summary: 'A new thing.',
    tag: 'things',
    auth: 'admin',
    body: {
      json: Type.Object(
        {
          name: Type.String({ pattern: '^[a-z]+$', description: 'Lower case letters.' }),
          max_retries: Type.Optional(
            Type.Union([Type.Integer({ minimum: 0, maximum: 100 }), Type.Null()]),
          ),
          upstreams: Type.Optional(
            Type.Array(
              Type.Object(
                { url: Type.String({ minLength: 1 }), weight: Type.Integer() },
                { additionalProperties: false },
              ),
              { maxItems: 3 },
            ),
          ),
        },
        { additionalProperties: false },
      ),
    },
    responses: { 201: Type.Object({ name: Type.String() }) },
  },
  orderThings: {
    id: 'orderThings',
    owner: 'config',
    method: 'PUT',
    path: '/api/things/order',
    summary: 'Order.',
    tag: 'things',
    auth: 'admin',
    body: { json: Type.Array(Type.String(), { uniqueItems: true }) },
    responses: { 204: 'empty' },
  },
  getThing: {
    id: 'getThing',
    owner: 'config',
    method: 'GET',
    path: '/api/things/{name}',
    summary: 'One thing.',
    tag: 'things',
    auth: 'admin',
    params: Type.Object({ name: Type.String({ pattern: '^[a-z ]+$' }) }),
    responses: { 200: Type.Object({ name: Type.String() }) },
  },
  importThings: {
    id: 'importThings',
    owner: 'config',
    method: 'POST',
    path: '/api/things/{name}/import',
    summary: 'Text or JSON.',
    tag: 'things',
    auth: 'admin',
    params: Type.Object({ name: Type.String() }),
    body: { text: true, json: Type.Object({ keys: Type.Array(Type.String()) }) },
    responses: { 200: 'text' },
  },
  open: {
    id: 'open',
    owner: 'config',
    method: 'POST',
    path: '/api/open',
    summary: 'For everybody.',
    tag: 'things',
    auth: 'none',
    responses: { 200: Type.Object({ actor: Type.String() }) },
  },
  misbehave: {
    id: 'misbehave',
    owner: 'config',
    method: 'GET',
    path: '/api/misbehave/{how}',
    summary: 'Bugs.',
    tag: 'things',
    auth: 'none',
    params: Type.Object({ how: Type.String() }),
    responses: { 200: Type.Object({ n: Type.Integer() }) },
  },
} as const satisfies Record<string, Operation>;

let seen: unknown[] = [];
let lines: string[] = [];
let aborted: Promise<void> = Promise.resolve();

const handlers: Handlers<typeof operations> = {
  async listThings({ query, actor }) {
    seen.push(query, actor);
    return { status: 200, body: { items: [query.limit ?? null] } };
  },
  async createThing({ body, ifMatch, actor }) {
    seen.push(body, actor);
    if (body.name === 'taken') return problem('name_taken', { detail: 'there is a taken already' });
    if (ifMatch !== undefined && ifMatch !== 7) return problem('stale_revision');
    return { status: 201, body: { name: body.name }, headers: { location: `/x/${body.name}` } };
  },
  async orderThings({ body }) {
    seen.push(body);
    return { status: 204 };
  },
  async getThing({ params }) {
    return { status: 200, body: { name: params.name } };
  },
  async importThings({ body }) {
    seen.push(body);
    return { status: 200, body: typeof body === 'string' ? 'text' : 'json' };
  },
  async open({ actor }) {
    return { status: 200, body: { actor } };
  },
  async misbehave({ params, res, signal }) {
    if (params.how === 'throw') throw new Error('the secret is sk-abcdefghijklmnop');
    if (params.how === 'reply') return { status: 200, body: { n: 'x', extra: 1 } };
    if (params.how === 'status') return { status: 299 };
    if (params.how === 'hang') {
      aborted = new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      await aborted;
      return 'handled';
    }
    res.writeHead(200).write('half');
    throw new Error('in the middle');
  },
};

const auth = createAdminAuth({
  authKey: 'the-admin-key',
  clock: { now: () => 1_000_000 },
  sessionTtlMs: 1000,
});
const log = createLogger({
  service: 'test',
  level: 'info',
  format: 'json',
  write: (line) => lines.push(line),
});

const servers: Server[] = [];
function listen(checkResponses: boolean): Promise<string> {
  const router = createAdminRouter({
    operations,
    handlers,
    auth,
    log,
    checkResponses,
    maxBodyBytes: 10_000,
    trustedOrigins: ['https://console.example'],
  });
  const server = createServer(createAdminApp([router], { log }));
  servers.push(server);
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      resolve(`http://127.0.0.1:${address.port}`);
    }),
  );
}

let base = '';
let checked = '';
beforeAll(async () => {
  base = await listen(false);
  checked = await listen(true);
});
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});
beforeEach(() => {
  seen = [];
  lines = [];
});

const admin = { authorization: 'Bearer the-admin-key' };
const json = { ...admin, 'content-type': 'application/json' };

async function call(path: string, init: RequestInit = {}, at = base) {
  const response = await fetch(`${at}${path}`, { headers: admin, ...init });
  const text = await response.text();
  const body: unknown =
    text !== '' && /json/.test(response.headers.get('content-type') ?? '')
      ? JSON.parse(text)
      : text;
  return { status: response.status, headers: response.headers, body };
}
const post = (path: string, body: unknown, headers: Record<string, string> = json) =>
  call(path, {
    method: 'POST',
    headers,
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });

describe('the admin API, to whom it answers', () => {
  it('asks to log in', async () => {
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: 'the-admin-key' },
    ]) {
      const answer = await call('/api/things', { headers });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.body).toEqual({
        type: 'urn:keymux:problem:not_logged_in',
        title: 'Log in first, or send Authorization: Bearer AUTH_KEY',
        status: 401,
        request_id: answer.headers.get('x-request-id'),
      });
    }
  });

  it('never takes credentials from the URL', async () => {
    for (const name of ['key', 'auth_key', 'token', 'authorization']) {
      expect((await call(`/api/things?${name}=the-admin-key`, { headers: {} })).status).toBe(401);
    }
  });

  it('lets the auth key in, and tells the handler who it is', async () => {
    expect((await call('/api/things')).status).toBe(200);
    expect(seen).toEqual([{}, 'key']);
  });

  it('lets a session in by its cookie', async () => {
    const session = auth.issueSession();
    const cookie = session.cookie.split(';')[0] ?? '';
    expect((await call('/api/things', { headers: { cookie } })).status).toBe(200);
    expect(seen[1]).toBe(`session:${session.id}`);
  });

  it('needs no login where the table says so', async () => {
    expect(await call('/api/open', { method: 'POST', headers: {} })).toMatchObject({
      status: 200,
      body: { actor: 'anonymous' },
    });
  });

  it.each([
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 201],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'https://console.example', 'sec-fetch-site': 'cross-site' }, 201],
    [{}, 201],
  ])('lets a session change things from %j: %i', async (headers, status) => {
    const cookie = auth.issueSession().cookie.split(';')[0] ?? '';
    const all = { 'content-type': 'application/json', cookie, ...headers };
    expect((await raw('POST', '/api/things', all, '{"name":"a"}')).statusCode).toBe(status);
    const own = { ...all, origin: base };
    if (!('sec-fetch-site' in headers)) {
      expect((await raw('POST', '/api/things', own, '{"name":"a"}')).statusCode).toBe(201);
    }
    const read = await raw('GET', '/api/things', { cookie, ...headers });
    expect(read.statusCode).toBe(200);
  });

  it('takes nothing that looks like an HTML form from a session', async () => {
    const cookie = auth.issueSession().cookie.split(';')[0] ?? '';
    const headers = { cookie, 'content-type': 'text/plain' };
    expect((await raw('POST', '/api/things/a/import', headers, 'x')).statusCode).toBe(403);
  });
});

// fetch does not let a test set Origin and Sec-Fetch-Site.
function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(`${base}${path}`, { method, headers }, (response) => {
      response.resume();
      resolve(response);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('the admin API, where it answers', () => {
  it('knows nothing outside its table', async () => {
    for (const path of [
      '/',
      '/api',
      '/api/thing',
      '/api/things/',
      '/api/things/a/b',
      '/API/THINGS',
    ]) {
      const answer = await call(path);
      expect(answer).toMatchObject({
        status: 404,
        body: { type: 'urn:keymux:problem:not_found', status: 404 },
      });
      expect(answer.headers.get('x-request-id')).not.toBeNull();
    }
  });

  it('names the methods that an address takes', async () => {
    const answer = await call('/api/things', { method: 'DELETE' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
    const both = await call('/api/things/order', { method: 'PATCH' });
    expect(both.headers.get('allow')).toBe('GET, HEAD, PUT');
  });

  it('prefers a fixed address to a parameter, method by method', async () => {
    const ordered = await call('/api/things/order', {
      method: 'PUT',
      headers: json,
      body: '["a"]',
    });
    expect(ordered.status).toBe(204);
    expect(seen).toEqual([['a']]);
    expect((await call('/api/things/order')).body).toEqual({ name: 'order' });
  });

  it('answers HEAD without a body', async () => {
    const answer = await call('/api/things/a', { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, body: '' });
  });

  it('decodes parameters, and knows that a malformed or impossible one is nothing', async () => {
    expect((await call('/api/things/a%20b')).body).toEqual({ name: 'a b' });
    expect((await call('/api/things/UPPER')).status).toBe(404);
    expect((await call('/api/things/%zz')).status).toBe(400);
    expect((await call('/api/things/%2e%2e')).status).toBe(404);
  });

  it('gives every response an id, the one of the edge if it sent one', async () => {
    const own = (await call('/api/things')).headers.get('x-request-id') ?? '';
    expect(timeOfId(own)).toBeTypeOf('number');
    const id = newId();
    const from = async (given: string) =>
      (await call('/api/things', { headers: { ...admin, 'x-request-id': given } })).headers.get(
        'x-request-id',
      );
    expect(await from(id)).toBe(id);
    expect(await from('forged')).not.toBe('forged');
  });
});

describe('the admin API, what it takes', () => {
  it('gives query parameters their types', async () => {
    await call('/api/things?limit=20&dry_run=true&status=active&tag=1&tag=b');
    expect(seen[0]).toEqual({ limit: 20, dry_run: true, status: 'active', tag: ['1', 'b'] });
  });

  it.each([
    ['limit=0', 'limit', 'must be a whole number from 1 to 1000'],
    ['limit=many', 'limit', 'must be a whole number from 1 to 1000'],
    ['limit=1.5', 'limit', 'must be a whole number from 1 to 1000'],
    ['limit=', 'limit', 'must be a whole number from 1 to 1000'],
    ['limit=1&limit=2', 'limit', 'is given more than once'],
    ['dry_run=yes', 'dry_run', 'must be true or false'],
    ['status=gone', 'status', 'must be one of active, disabled'],
    ['limt=5', 'limt', 'is not a known parameter'],
    ['__proto__=5', '__proto__', 'is not a known parameter'],
  ])('refuses ?%s', async (query, field, message) => {
    expect(await call(`/api/things?${query}`)).toMatchObject({
      status: 422,
      body: { title: 'Some fields are wrong', errors: [{ field, message }] },
    });
    expect(seen).toEqual([]);
  });

  it('refuses any query where none is declared', async () => {
    expect((await call('/api/things/a?x=1')).status).toBe(422);
  });

  it('checks a JSON body and hands it over', async () => {
    const answer = await post('/api/things', { name: 'abc', max_retries: null });
    expect(answer).toMatchObject({ status: 201, body: { name: 'abc' } });
    expect(answer.headers.get('location')).toBe('/x/abc');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(seen[0]).toEqual({ name: 'abc', max_retries: null });
  });

  it.each([
    [{}, [['name', 'is required']]],
    [{ name: 5 }, [['name', 'must be text']]],
    [{ name: 'ABC' }, [['name', 'has the wrong form. Lower case letters.']]],
    [
      { name: 'a', x: 1, y: 2 },
      [
        ['x', 'is not a known field'],
        ['y', 'is not a known field'],
      ],
    ],
    [{ name: 'a', max_retries: 101 }, [['max_retries', 'must be a whole number from 0 to 100']]],
    [{ name: 'a', max_retries: '3' }, [['max_retries', 'must be a whole number from 0 to 100']]],
    [
      { name: 'a', upstreams: [{ url: '', weight: 1 }, 7, { url: 'x' }] },
      [
        ['upstreams[0].url', 'must not be empty'],
        ['upstreams[1]', 'must be an object'],
        ['upstreams[2].weight', 'is required'],
      ],
    ],
    [{ name: 'a', upstreams: {} }, [['upstreams', 'must be a list']]],
    [{ name: 'a', upstreams: [1, 2, 3, 4] }, [['upstreams', 'must have at most 3 entries']]],
    [[], [['body', 'must be an object']]],
    [null, [['body', 'must be an object']]],
    ['"text"', [['body', 'must be an object']]],
    ['{"name":"a","__proto__":{"x":1}}', [['__proto__', 'is not a known field']]],
  ])('names what is wrong in %j', async (body, expected) => {
    const errors = expected.map(([field, message]) => ({ field, message }));
    expect(await post('/api/things', body)).toMatchObject({ status: 422, body: { errors } });
    expect(seen).toEqual([]);
  });

  it.each([['{'], [''], ['{"name": sk-abcdefghijklmnop}'], ["{'name':1}"]])(
    'calls %j malformed and does not repeat it',
    async (body) => {
      const answer = await post('/api/things', body);
      expect(answer).toMatchObject({ status: 400, body: { title: 'The body is not valid JSON' } });
      expect(JSON.stringify(answer.body)).not.toContain('sk-abc');
    },
  );

  it('refuses a body that is not UTF-8', async () => {
    expect((await post('/api/things', new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonx',
  ])('refuses %s where JSON is wanted', async (type) => {
    const answer = await post('/api/things', '{}', { ...admin, 'content-type': type });
    expect(answer).toMatchObject({ status: 415, body: { detail: 'send application/json' } });
  });

  it('takes JSON with a charset or a suffix, and nothing compressed', async () => {
    const types = ['application/json; charset=utf-8', 'application/merge-patch+json'];
    for (const type of types) {
      const headers = { ...admin, 'content-type': type };
      expect((await post('/api/things', { name: 'a' }, headers)).status).toBe(201);
    }
    const headers = { ...json, 'content-encoding': 'gzip' };
    expect((await post('/api/things', { name: 'a' }, headers)).status).toBe(415);
  });

  it('takes text and JSON where both are declared', async () => {
    const text = await post('/api/things/a/import', 'one\ntwo', {
      ...admin,
      'content-type': 'text/plain',
    });
    expect(text.body).toBe('text');
    expect((await post('/api/things/a/import', { keys: ['x'] })).body).toBe('json');
    expect((await post('/api/things/a/import', { keys: 'x' })).status).toBe(422);
    expect((await post('/api/things/a/import', JSON.stringify('text'))).status).toBe(422);
    expect(seen).toEqual(['one\ntwo', { keys: ['x'] }]);
  });

  it('refuses a body beyond the limit, announced or not, and goes on', async () => {
    const big = JSON.stringify({ name: 'a'.repeat(20_000) });
    expect((await post('/api/things', big)).status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < 40; sent += 1) controller.enqueue(new Uint8Array(1000));
        controller.close();
      },
    });
    const init: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      headers: json,
      body: stream,
      duplex: 'half',
    };
    expect((await call('/api/things', init)).status).toBe(413);
    expect((await post('/api/things', { name: 'a' })).status).toBe(201);
  });

  it('reads If-Match as a revision', async () => {
    const change = (revision: string) =>
      post('/api/things', { name: 'a' }, { ...json, 'if-match': revision });
    for (const revision of ['7', '"7"', 'W/"7"', '*']) {
      expect((await change(revision)).status).toBe(201);
    }
    expect(await change('"6"')).toMatchObject({
      status: 409,
      body: { type: 'urn:keymux:problem:stale_revision' },
    });
    expect((await change('abc')).status).toBe(422);
  });

  it('sends a problem that a handler returns', async () => {
    expect(await post('/api/things', { name: 'taken' })).toMatchObject({
      status: 409,
      body: { title: 'The name is taken', detail: 'there is a taken already' },
    });
  });

  it('survives a client that leaves while it sends', async () => {
    const port = Number(new URL(base).port);
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          'POST /api/things HTTP/1.1\r\nhost: x\r\nauthorization: Bearer the-admin-key\r\n' +
            'content-type: application/json\r\ncontent-length: 100\r\n\r\n{"na',
          () => socket.destroy(),
        );
      });
      socket.on('close', () => resolve());
    });
    expect((await call('/api/things')).status).toBe(200);
    expect(lines).toEqual([]);
  });
});

describe('the admin API, when a handler has a bug', () => {
  it('tells the log everything and the client only the request id', async () => {
    const answer = await call('/api/misbehave/throw');
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({
      type: 'urn:keymux:problem:internal',
      title: 'Something went wrong; the log says what',
      status: 500,
      request_id: answer.headers.get('x-request-id'),
    });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 50,
      request_id: answer.headers.get('x-request-id'),
      err: { stack: expect.stringContaining('admin-http.spec.ts') },
    });
    expect(lines[0]).not.toContain('abcdefghijklmnop');
  });

  it('cuts a response that was half sent', async () => {
    await expect(call('/api/misbehave/half')).rejects.toThrow();
    expect((await call('/api/things')).status).toBe(200);
  });

  it('tells the handler that the client went away', async () => {
    const controller = new AbortController();
    const hanging = call('/api/misbehave/hang', { signal: controller.signal });
    const before = aborted;
    await expect.poll(() => aborted !== before, { timeout: 10_000 }).toBe(true);
    controller.abort();
    await expect(hanging).rejects.toThrow();
    await aborted;
  });

  it('checks replies against their schemas in tests', async () => {
    expect(await call('/api/misbehave/reply', {}, checked)).toMatchObject({
      status: 500,
      body: { detail: 'the reply of misbehave does not fit its schema: n must be a whole number' },
    });
    expect(await call('/api/misbehave/status', {}, checked)).toMatchObject({
      status: 500,
      body: { detail: 'misbehave does not declare 299' },
    });
    expect((await call('/api/misbehave/reply')).body).toEqual({ n: 'x', extra: 1 });
  });
});

it('has one owner for all methods of a path of the contracts', () => {
  const owners = new Map<string, string>();
  for (const { path, owner } of contractOperations) {
    expect(owners.get(path) ?? owner).toBe(owner);
    owners.set(path, owner);
  }
});
