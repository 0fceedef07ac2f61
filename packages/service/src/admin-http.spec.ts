import { operations as contractOperations } from '@keymux/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admin, call, json, rawCall, startThings, type ThingServer } from '../test/thing-server.ts';
import { newId, timeOfId } from './ids.ts';

let things: ThingServer;
beforeEach(async () => {
  things = await startThings();
});
afterEach(() => things.stop());

describe('the admin API, to whom it answers', () => {
  it('asks to log in', async () => {
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: 'the-admin-key' },
    ]) {
      const answer = await call(`${things.base}/api/things`, { headers });
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
      expect(
        (await call(`${things.base}/api/things?${name}=the-admin-key`, { headers: {} })).status,
      ).toBe(401);
    }
  });

  it('lets the auth key in, and tells the handler who it is', async () => {
    expect((await call(`${things.base}/api/things`)).status).toBe(200);
    expect(things.seen).toEqual([{}, 'key']);
  });

  it('lets a session in by its cookie', async () => {
    const session = things.auth.issueSession();
    const cookie = session.cookie.split(';')[0] ?? '';
    expect((await call(`${things.base}/api/things`, { headers: { cookie } })).status).toBe(200);
    expect(things.seen[1]).toBe(`session:${session.id}`);
  });

  it('needs no login where the table says so', async () => {
    expect(await call(`${things.base}/api/open`, { method: 'POST', headers: {} })).toMatchObject({
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
    const cookie = things.auth.issueSession().cookie.split(';')[0] ?? '';
    const all = { 'content-type': 'application/json', cookie, ...headers };
    expect(
      (
        await rawCall(`${things.base}/api/things`, {
          method: 'POST',
          headers: all,
          body: '{"name":"a"}',
        })
      ).statusCode,
    ).toBe(status);
    const own = { ...all, origin: things.base };
    if (!('sec-fetch-site' in headers)) {
      expect(
        (
          await rawCall(`${things.base}/api/things`, {
            method: 'POST',
            headers: own,
            body: '{"name":"a"}',
          })
        ).statusCode,
      ).toBe(201);
    }
    const read = await rawCall(`${things.base}/api/things`, {
      method: 'GET',
      headers: { cookie, ...headers },
    });
    expect(read.statusCode).toBe(200);
  });

  it('takes nothing that looks like an HTML form from a session', async () => {
    const cookie = things.auth.issueSession().cookie.split(';')[0] ?? '';
    const headers = { cookie, 'content-type': 'text/plain' };
    expect(
      (
        await rawCall(`${things.base}/api/things/a/import`, {
          method: 'POST',
          headers: headers,
          body: 'x',
        })
      ).statusCode,
    ).toBe(403);
  });
});

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
      const answer = await call(things.base + path);
      expect(answer).toMatchObject({
        status: 404,
        body: { type: 'urn:keymux:problem:not_found', status: 404 },
      });
      expect(answer.headers.get('x-request-id')).not.toBeNull();
    }
  });

  it('names the methods that an address takes', async () => {
    const answer = await call(`${things.base}/api/things`, { method: 'DELETE' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
    const both = await call(`${things.base}/api/things/order`, { method: 'PATCH' });
    expect(both.headers.get('allow')).toBe('GET, HEAD, PUT');
  });

  it('prefers a fixed address to a parameter, method by method', async () => {
    const ordered = await call(`${things.base}/api/things/order`, {
      method: 'PUT',
      headers: json,
      body: '["a"]',
    });
    expect(ordered.status).toBe(204);
    expect(things.seen).toEqual([['a']]);
    expect((await call(`${things.base}/api/things/order`)).body).toEqual({ name: 'order' });
  });

  it('answers HEAD without a body', async () => {
    const answer = await call(`${things.base}/api/things/a`, { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, body: '' });
  });

  it('decodes parameters, and knows that a malformed or impossible one is nothing', async () => {
    expect((await call(`${things.base}/api/things/a%20b`)).body).toEqual({ name: 'a b' });
    expect((await call(`${things.base}/api/things/UPPER`)).status).toBe(404);
    expect((await call(`${things.base}/api/things/%zz`)).status).toBe(400);
    expect((await call(`${things.base}/api/things/%2e%2e`)).status).toBe(404);
  });

  it('gives every response an id, the one of the edge if it sent one', async () => {
    const own = (await call(`${things.base}/api/things`)).headers.get('x-request-id') ?? '';
    expect(timeOfId(own)).toBeTypeOf('number');
    const id = newId();
    const from = async (given: string) =>
      (
        await call(`${things.base}/api/things`, { headers: { ...admin, 'x-request-id': given } })
      ).headers.get('x-request-id');
    expect(await from(id)).toBe(id);
    expect(await from('forged')).not.toBe('forged');
  });
});

describe('the admin API, when a handler has a bug', () => {
  it('tells the log everything and the client only the request id', async () => {
    const answer = await call(`${things.base}/api/misbehave/throw`);
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({
      type: 'urn:keymux:problem:internal',
      title: 'Something went wrong; the log says what',
      status: 500,
      request_id: answer.headers.get('x-request-id'),
    });
    expect(things.lines).toHaveLength(1);
    expect(JSON.parse(things.lines[0] ?? '')).toMatchObject({
      level: 50,
      request_id: answer.headers.get('x-request-id'),
      err: { stack: expect.stringContaining('thing-server.ts') },
    });
    expect(things.lines[0]).not.toContain('abcdefghijklmnop');
  });

  it('asks to come again, and warns, where the failure passes by itself', async () => {
    const answer = await call(`${things.base}/api/misbehave/away`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.body).toMatchObject({ type: 'urn:keymux:problem:unavailable' });
    expect(things.lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ level: 40, why: 'the store is away' }),
    ]);
  });

  it('cuts a response that was half sent', async () => {
    await expect(call(`${things.base}/api/misbehave/half`)).rejects.toThrow();
    expect((await call(`${things.base}/api/things`)).status).toBe(200);
  });

  it('tells the handler that the client went away', async () => {
    const controller = new AbortController();
    const hanging = call(`${things.base}/api/misbehave/hang`, { signal: controller.signal });
    await expect.poll(() => things.aborted() !== undefined, { timeout: 10_000 }).toBe(true);
    controller.abort();
    await expect(hanging).rejects.toThrow();
    await things.aborted();
  });

  it('checks replies against their schemas in tests', async () => {
    const checked = await startThings({ checkResponses: true });
    expect(await call(`${checked.base}/api/misbehave/reply`)).toMatchObject({
      status: 500,
      body: { detail: 'the reply of misbehave does not fit its schema: n must be a whole number' },
    });
    expect(await call(`${checked.base}/api/misbehave/status`)).toMatchObject({
      status: 500,
      body: { detail: 'misbehave does not declare 299' },
    });
    checked.stop();
    expect((await call(`${things.base}/api/misbehave/reply`)).body).toEqual({ n: 'x', extra: 1 });
  });
});

it('has one owner for all methods of a path of the contracts', () => {
  const owners = new Map<string, string>();
  for (const { path, owner } of contractOperations) {
    expect(owners.get(path) ?? owner).toBe(owner);
    owners.set(path, owner);
  }
});
