import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admin, call, json, post, startThings, type ThingServer } from '../test/thing-server.ts';

let things: ThingServer;
beforeEach(async () => {
  things = await startThings();
});
afterEach(() => things.stop());

describe('the admin API, what it takes', () => {
  it('gives query parameters their types', async () => {
    await call(`${things.base}/api/things?limit=20&dry_run=true&status=active&tag=1&tag=b`);
    expect(things.seen[0]).toEqual({ limit: 20, dry_run: true, status: 'active', tag: ['1', 'b'] });
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
    expect(await call(`${things.base}/api/things?${query}`)).toMatchObject({
      status: 422,
      body: { title: 'Some fields are wrong', errors: [{ field, message }] },
    });
    expect(things.seen).toEqual([]);
  });

  it('refuses any query where none is declared', async () => {
    expect((await call(`${things.base}/api/things/a?x=1`)).status).toBe(422);
  });

  it('checks a JSON body and hands it over', async () => {
    const answer = await post(`${things.base}/api/things`, { name: 'abc', max_retries: null });
    expect(answer).toMatchObject({ status: 201, body: { name: 'abc' } });
    expect(answer.headers.get('location')).toBe('/x/abc');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(things.seen[0]).toEqual({ name: 'abc', max_retries: null });
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
    expect(await post(`${things.base}/api/things`, body)).toMatchObject({
      status: 422,
      body: { errors },
    });
    expect(things.seen).toEqual([]);
  });

  it.each([['{'], [''], ['{"name": sk-abcdefghijklmnop}'], ["{'name':1}"]])(
    'calls %j malformed and does not repeat it',
    async (body) => {
      const answer = await post(`${things.base}/api/things`, body);
      expect(answer).toMatchObject({ status: 400, body: { title: 'The body is not valid JSON' } });
      expect(JSON.stringify(answer.body)).not.toContain('sk-abc');
    },
  );

  it('refuses a body that is not UTF-8', async () => {
    expect(
      (await post(`${things.base}/api/things`, new Uint8Array([0x22, 0xff, 0x22]))).status,
    ).toBe(400);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonx',
  ])('refuses %s where JSON is wanted', async (type) => {
    const answer = await post(`${things.base}/api/things`, '{}', {
      ...admin,
      'content-type': type,
    });
    expect(answer).toMatchObject({ status: 415, body: { detail: 'send application/json' } });
  });

  it('takes JSON with a charset or a suffix, and nothing compressed', async () => {
    const types = ['application/json; charset=utf-8', 'application/merge-patch+json'];
    for (const type of types) {
      const headers = { ...admin, 'content-type': type };
      expect((await post(`${things.base}/api/things`, { name: 'a' }, headers)).status).toBe(201);
    }
    const headers = { ...json, 'content-encoding': 'gzip' };
    expect((await post(`${things.base}/api/things`, { name: 'a' }, headers)).status).toBe(415);
  });

  it('takes text and JSON where both are declared', async () => {
    const text = await post(`${things.base}/api/things/a/import`, 'one\ntwo', {
      ...admin,
      'content-type': 'text/plain',
    });
    expect(text.body).toBe('text');
    expect((await post(`${things.base}/api/things/a/import`, { keys: ['x'] })).body).toBe('json');
    expect((await post(`${things.base}/api/things/a/import`, { keys: 'x' })).status).toBe(422);
    expect((await post(`${things.base}/api/things/a/import`, JSON.stringify('text'))).status).toBe(
      422,
    );
    expect(things.seen).toEqual(['one\ntwo', { keys: ['x'] }]);
  });

  it('refuses a body beyond the limit, announced or not, and goes on', async () => {
    const big = JSON.stringify({ name: 'a'.repeat(20_000) });
    expect((await post(`${things.base}/api/things`, big)).status).toBe(413);
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
    expect((await call(`${things.base}/api/things`, init)).status).toBe(413);
    expect((await post(`${things.base}/api/things`, { name: 'a' })).status).toBe(201);
  });

  it('reads If-Match as a revision', async () => {
    const change = (revision: string) =>
      post(`${things.base}/api/things`, { name: 'a' }, { ...json, 'if-match': revision });
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
    expect(await post(`${things.base}/api/things`, { name: 'taken' })).toMatchObject({
      status: 409,
      body: { title: 'The name is taken', detail: 'there is a taken already' },
    });
  });

  it('survives a client that leaves while it sends', async () => {
    const port = Number(new URL(things.base).port);
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
    expect((await call(`${things.base}/api/things`)).status).toBe(200);
    expect(things.lines).toEqual([]);
  });
});
