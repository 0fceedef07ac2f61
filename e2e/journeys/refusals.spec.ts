import type { ChannelName } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { askOnWire, sendOnWire } from '../clients/wire.ts';
import { addServing, at, groupName, useHouse } from '../product/house.ts';

const house = useHouse();

const shapes: [ChannelName, unknown][] = [
  ['openai', { error: { message: expect.any(String), type: expect.any(String) } }],
  ['openai-response', { error: { message: expect.any(String), type: expect.any(String) } }],
  ['gemini', { error: { message: expect.any(String), status: expect.any(String), code: 401 } }],
  ['anthropic', { type: 'error', error: { type: 'authentication_error' } }],
];

describe('what the gateway refuses', () => {
  it.each(shapes)('has the shape of %s and a code in a header', async (channel, shape) => {
    const { url } = await addServing(house, { channel });
    const refused = await ask(url, channel, 'pk-wrong');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('x-keymux-error')).toBe('invalid_proxy_key');
    expect(refused.requestId).not.toBe('');
    expect(JSON.parse(refused.text)).toMatchObject(shape ?? {});
    expect(house.simulator.hits).toEqual([]);
  });

  it('takes no request without a proxy key, nor one with the admin key', async () => {
    const { url } = await addServing(house, { channel: 'openai' });
    const without = await fetch(`${url}/v1/models`);
    expect(without.status).toBe(401);
    expect(without.headers.get('x-keymux-error')).toBe('missing_proxy_key');
    expect((await ask(url, 'openai', house.keymux.authKey)).status).toBe(401);
    expect(house.simulator.hits).toEqual([]);
  });

  it('knows groups by name, and their own proxy keys', async () => {
    const nowhere = await ask(`${house.keymux.url}/proxy/nowhere`, 'openai', house.keymux.proxyKey);
    expect(nowhere.status).toBe(404);
    expect(nowhere.headers.get('x-keymux-error')).toBe('unknown_group');
    const own = await addServing(house, { channel: 'openai', proxy_keys: ['pk-own-123456'] });
    const other = await addServing(house, { channel: 'openai' });
    expect((await ask(own.url, 'openai', 'pk-own-123456')).status).toBe(200);
    expect((await ask(other.url, 'openai', 'pk-own-123456')).status).toBe(401);
  });

  it('serves no disabled group and none without a key', async () => {
    const { url, name } = await addServing(house, { channel: 'openai' });
    await house.keymux.api.changeGroup(name, { enabled: false });
    await expect
      .poll(async () => (await ask(url, 'openai', house.keymux.proxyKey)).status)
      .toBe(503);
    const empty = groupName();
    await house.keymux.api.addGroup({
      name: empty,
      channel: 'openai',
      upstreams: at(house.simulator),
    });
    const emptyUrl = `${house.keymux.url}/proxy/${empty}`;
    await expect
      .poll(async () =>
        (await ask(emptyUrl, 'openai', house.keymux.proxyKey)).headers.get('x-keymux-error'),
      )
      .toBe('no_key');
  });

  it('sends no TRACE on: its answer would show the client the key of the upstream', async () => {
    const { url } = await addServing(house, { channel: 'openai' });
    const reply = await askOnWire({
      port: house.keymux.port,
      method: 'TRACE',
      target: `${new URL(url).pathname}/v1/models`,
      headers: [
        ['Host', 'h'],
        ['Authorization', `Bearer ${house.keymux.proxyKey}`],
      ],
    });
    expect(reply.statusLine).toContain('400');
    expect(reply.headers).toContainEqual(['x-keymux-error', 'bad_request']);
    expect(house.simulator.hits).toEqual([]);
  });

  it('notices an upstream that points back at itself', async () => {
    const { name } = await addServing(house, { channel: 'openai' });
    const loop = groupName('loop');
    await house.keymux.api.addGroup({
      name: loop,
      channel: 'openai',
      upstreams: [{ url: `${house.keymux.url}/proxy/${loop}`, weight: 1 }],
    });
    // The key of the loop is a proxy key, so that the request would go round for ever.
    await house.keymux.api.importKeys(loop, [house.keymux.proxyKey]);
    const url = `${house.keymux.url}/proxy/${loop}`;
    await expect
      .poll(async () => (await ask(url, 'openai', house.keymux.proxyKey)).status)
      .toBe(508);
    expect(name).not.toBe(loop);
  });

  it('answers 503 with retry-after over the limit, and the console stays up', async () => {
    const { url } = await addServing(house, { channel: 'openai' });
    house.simulator.script({ answer: { kind: 'hang' } });
    const leave = new AbortController();
    const waiting = Array.from({ length: 100 }, () =>
      ask(url, 'openai', house.keymux.proxyKey, { signal: leave.signal }).catch(() => 'left'),
    );
    await expect.poll(() => house.simulator.activeRequests(), { timeout: 20_000 }).toBe(100);
    const refused = await ask(url, 'openai', house.keymux.proxyKey);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('x-keymux-error')).toBe('overloaded');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${house.keymux.url}/healthz`)).status).toBe(200);
    expect((await house.keymux.api.request('GET', '/api/groups')).status).toBe(200);
    leave.abort();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'left'));
    house.simulator.reset();
    await expect
      .poll(async () => (await ask(url, 'openai', house.keymux.proxyKey)).status)
      .toBe(200);
  });

  it.each([
    ['no HTTP at all', 'nonsense\r\n\r\n'],
    ['a header without a colon', 'GET /proxy/g/ HTTP/1.1\r\nHost: h\r\nbroken\r\n\r\n'],
    [
      'two lengths',
      'POST /proxy/g/ HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    ],
    [
      'a length and chunks',
      'POST /proxy/g/ HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a bad chunk size',
      'POST /proxy/g/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
    ['huge headers', `GET /proxy/g/ HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(300_000)}\r\n\r\n`],
    ['a broken escape', 'GET /proxy/%zz/%E0%A4%A HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['an absolute address', 'GET http://elsewhere.example/ HTTP/1.1\r\nHost: h\r\n\r\n'],
  ])('answers %s with an error for that client alone', async (_, text) => {
    const reply = await sendOnWire(house.keymux.port, Buffer.from(text)).catch(() => undefined);
    if (reply !== undefined) {
      expect(reply.statusLine).toMatch(/^HTTP\/1\.1 4\d\d/);
      expect(reply.body.toString()).not.toMatch(/\bat .*\.[jt]s:\d+/);
    }
    expect((await fetch(`${house.keymux.url}/readyz`)).status).toBe(200);
    expect(house.simulator.hits).toEqual([]);
  });
});
