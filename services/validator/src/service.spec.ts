import type { ServerResponse } from 'node:http';
import { createInProcessCoordination } from '@keymux/coordination';
import { mask } from '@keymux/vault';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { group, openHouse, type House } from '../test/house.ts';
import { startProvider, type Asked, type Provider } from '../test/provider.ts';

// Ample: a machine may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function house(...groups: Parameters<typeof openHouse>[0]): Promise<House> {
  const opened = await openHouse(groups);
  endings.push(opened.close);
  return opened;
}

async function provider(
  answer: (asked: Asked, response: ServerResponse) => void = accept,
): Promise<Provider> {
  const started = await startProvider(answer);
  endings.push(started.close);
  return started;
}

const accept = (_asked: Asked, response: ServerResponse): void => {
  response.setHeader('content-type', 'application/json').end('{"choices":[]}');
};
const refuseWith =
  (status: number, message: string) =>
  (_asked: Asked, response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message, type: 'x', code: 'y' } }));
  };
const upstreams = (...all: { url: string }[]) => all.map(({ url }) => ({ url, weight: 1 }));
const secretKey = 'sk-key-of-somebody';
/** An address where nobody listens. */
async function deadUrl(): Promise<string> {
  const gone = await startProvider(accept);
  await gone.close();
  return gone.url;
}
const names = (text: string, count: number) => Array.from({ length: count }, (_, at) => text + at);

describe('the schedule', () => {
  it('probes every due key once and tells what came of it', async () => {
    const good = await provider();
    const all = await house(group('main', { upstreams: upstreams(good) }));
    const keys = names('sk-key-number-', 10);
    all.due.set('main', keys);
    await eventually(() => all.checked.length).toBe(10);
    expect(all.checked.map(({ key_id }) => key_id).toSorted()).toEqual(
      keys.map(all.idOf).toSorted(),
    );
    for (const result of all.checked) {
      expect(result).toMatchObject({ group: 'main', ok: true, status: 200, message: 'HTTP 200' });
    }
    const sent = good.asked.map(({ headers }) => headers.authorization);
    expect(sent.toSorted()).toEqual(keys.map((key) => `Bearer ${key}`).toSorted());
    expect(good.asked[0]).toMatchObject({ method: 'POST', url: '/v1/chat/completions' });
  });

  it('keeps to the number of probes at once', async () => {
    const slow = await provider((asked, response) => {
      setTimeout(() => accept(asked, response), 20);
    });
    const config = { key_validation_concurrency: 2 };
    const all = await house(group('main', { upstreams: upstreams(slow), config }));
    all.due.set('main', names('sk-key-number-', 12));
    await eventually(() => all.checked.length).toBe(12);
    expect(slow.mostAtOnce()).toBe(2);
  });

  it('says why a key was refused, and never the key', async () => {
    const strict = await provider((asked, response) =>
      refuseWith(401, `wrong ${asked.headers.authorization}`)(asked, response),
    );
    const all = await house(group('main', { upstreams: upstreams(strict) }));
    all.due.set('main', ['sk-secret-of-somebody']);
    await eventually(() => all.checked.length).toBe(1);
    expect(all.checked[0]).toMatchObject({ ok: false, status: 401 });
    expect(JSON.stringify(all.checked) + all.lines.join('')).not.toMatch(/secret-of|"v1\./);
  });

  it('asks another upstream when the first says nothing of the key', async () => {
    const broken = await provider(refuseWith(503, 'overloaded'));
    const good = await provider();
    const all = await house(
      group('main', { upstreams: upstreams({ url: await deadUrl() }, broken, good) }),
    );
    all.due.set('main', ['sk-key-number-1']);
    await eventually(() => all.checked.length).toBe(1);
    expect(all.checked[0]).toMatchObject({ ok: true, status: 200 });
    expect(broken.asked.length).toBe(1);
  });

  it('tells of a rate limit and of a dead upstream as of no verdict', async () => {
    const limited = await provider(refuseWith(429, 'slow down'));
    const all = await house(
      group('limited', { upstreams: upstreams(limited) }),
      group('dead', { upstreams: upstreams({ url: await deadUrl() }) }),
    );
    all.due.set('limited', ['sk-key-number-1']);
    all.due.set('dead', ['sk-key-number-2']);
    await eventually(() => all.checked.length).toBe(2);
    const of = (name: string) => all.checked.find((each) => each.group === name);
    expect(of('limited')).toMatchObject({ ok: false, status: 429 });
    expect(of('limited')?.message).toContain('rate limited');
    expect(of('dead')).toMatchObject({ ok: false, status: null });
    expect(of('dead')?.message).toContain('ECONNREFUSED');
    expect(limited.asked.length).toBe(1);
  });

  it('gives up after the time limit', async () => {
    const mute = await provider(() => undefined);
    const config = { key_validation_timeout_seconds: 1 };
    const all = await house(group('main', { upstreams: upstreams(mute), config }));
    all.due.set('main', ['sk-key-number-1']);
    await eventually(() => all.checked.length).toBe(1);
    expect(all.checked[0]?.message).toContain('no answer within 1000 ms');
    await eventually(() => mute.openConnections()).toBe(0);
  });

  it('leaves disabled groups alone, and those of a hot change not', async () => {
    const good = await provider();
    const off = group('main', { upstreams: upstreams(good), enabled: false });
    const all = await house(off, group('other', { upstreams: upstreams(good) }));
    all.due.set('main', ['sk-key-number-1']);
    all.due.set('other', ['sk-key-number-2']);
    await eventually(() => all.checked.length).toBe(1);
    expect(all.checked[0]?.group).toBe('other');
    await all.change({ ...off, enabled: true });
    await eventually(() => all.checked.length).toBe(2);
  });

  it('ends running probes at once when it is stopped, and tells nothing of them', async () => {
    const mute = await provider(() => undefined);
    const all = await house(group('main', { upstreams: upstreams(mute) }));
    all.due.set('main', names('sk-key-number-', 3));
    await eventually(() => mute.asked.length).toBe(3);
    await all.validator.stop();
    expect(all.checked).toEqual([]);
    await eventually(() => mute.openConnections()).toBe(0);
  });
});

describe('the call validator.probe', () => {
  it('probes a key now and changes nothing', async () => {
    const good = await provider();
    const all = await house(group('main', { upstreams: upstreams(good), channel: 'anthropic' }));
    const request = { group: 'main', key_id: 'k1', sealed: all.vault.seal('sk-ant-of-somebody') };
    expect(await all.calls.call('validator.probe', request)).toMatchObject({
      group: 'main',
      key_id: 'k1',
      ok: true,
      status: 200,
    });
    expect(good.asked[0]).toMatchObject({
      url: '/v1/messages',
      headers: { 'x-api-key': 'sk-ant-of-somebody', 'anthropic-version': '2023-06-01' },
    });
    expect(all.checked).toEqual([]);
  });

  it('says when there is no such group or the key does not open', async () => {
    const all = await house(group('main', { upstreams: upstreams({ url: 'http://127.0.0.1:1' }) }));
    const ask = (name: string, sealed: string) =>
      all.calls.call('validator.probe', { group: name, key_id: 'k', sealed });
    expect(await ask('nope', all.vault.seal('x'))).toMatchObject({ ok: false, status: null });
    expect(await ask('main', 'v1.garbage')).toMatchObject({
      ok: false,
      message: expect.stringContaining('cannot be opened'),
    });
    await expect(all.calls.call('validator.probe', { group: 1 })).rejects.toThrow('unreadable');
  });
});

describe('POST /api/groups/{name}/test', () => {
  it('sends one request through each upstream and says what came back', async () => {
    const [good, strict] = [await provider(), await provider(refuseWith(403, 'not here'))];
    const base = { url: `${good.url}/base/` };
    const dead = { url: await deadUrl() };
    const all = await house(
      group('main', { upstreams: upstreams(base, strict, dead), enabled: false }),
    );
    all.due.set('main', [secretKey]);
    const { status, body } = await all.test('main');
    expect(status).toBe(200);
    const key = mask(secretKey);
    expect(body).toEqual({
      results: [
        {
          upstream: base.url,
          ok: true,
          status: 200,
          message: 'HTTP 200',
          ms: expect.anything(),
          key,
        },
        {
          upstream: strict.url,
          ok: false,
          status: 403,
          message: 'HTTP 403: not here',
          ms: expect.anything(),
          key,
        },
        {
          upstream: dead.url,
          ok: false,
          status: null,
          message: expect.stringContaining('ECONNREFUSED'),
          ms: expect.anything(),
          key,
        },
      ],
    });
    expect(good.asked.map(({ url }) => url)).toEqual(['/base/v1/chat/completions']);
    expect(all.checked).toEqual([]);
  });

  it('tests every member of an aggregate group', async () => {
    const good = await provider();
    const members = [
      { group: 'one', weight: 1 },
      { group: 'two', weight: 1 },
      { group: 'gone', weight: 1 },
    ];
    const all = await house(
      group('both', { type: 'aggregate', members }),
      group('one', { upstreams: upstreams(good), enabled: false }),
      group('two', { upstreams: upstreams(good), enabled: false }),
    );
    all.due.set('one', [secretKey]);
    expect(await all.test('both')).toMatchObject({
      status: 200,
      body: {
        results: [
          { upstream: `one: ${good.url}`, ok: true },
          { upstream: `two: ${good.url}`, ok: false, key: null },
        ],
      },
    });
  });

  it('is put off while nobody gives a key to test with, which is no error', async () => {
    const good = await provider();
    const all = await house(group('main', { upstreams: upstreams(good), enabled: false }));
    await all.calls.close();
    expect((await all.test('main')).status).toBe(503);
    expect(all.lines.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  it('is 404 for an unknown group and 401 for a stranger', async () => {
    const all = await house(group('main'));
    expect((await all.test('nope')).status).toBe(404);
    expect((await all.test('main', 'wrong')).status).toBe(401);
    expect(await all.test('main')).toEqual({ status: 200, body: { results: [] } });
  });
});

describe('POST /api/upstreams/test', () => {
  const listing = (asked: Asked, response: ServerResponse): void => {
    response.setHeader('content-type', 'application/json');
    response.end(
      asked.url === '/v1/models' ? '{"data":[{"id":"small"},{"id":"large"}]}' : '{"choices":[]}',
    );
  };

  it('tests what is not saved with a key that is given, and lists its models', async () => {
    const good = await provider(listing);
    const all = await house();
    const dead = { url: await deadUrl() };
    const { status, body } = await all.testUpstreams({
      channel: 'openai',
      upstreams: upstreams(dead, good),
      header_rules: [{ name: 'x-of', action: 'set', value: 'us' }],
      key: secretKey,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      results: [
        { upstream: dead.url, ok: false, status: null },
        { upstream: good.url, ok: true, status: 200, key: mask(secretKey) },
      ],
      models: ['small', 'large'],
    });
    expect(good.asked.map(({ url }) => url).toSorted()).toEqual([
      '/v1/chat/completions',
      '/v1/models',
    ]);
    for (const { headers } of good.asked) {
      expect(headers).toMatchObject({ authorization: `Bearer ${secretKey}`, 'x-of': 'us' });
    }
    expect(all.lines.join('')).not.toContain(secretKey);
  });

  it('sends a kept key only to upstreams that are saved', async () => {
    const [saved, other] = [await provider(), await provider()];
    const all = await house(group('main', { upstreams: upstreams(saved) }));
    all.due.set('main', [secretKey]);
    const asked = { channel: 'openai', upstreams: upstreams(saved, other), group: 'main' };
    expect((await all.testUpstreams(asked)).body).toMatchObject({
      results: [
        { upstream: saved.url, ok: true },
        { upstream: other.url, ok: false, message: expect.stringContaining('saved') },
      ],
      // What answers like a chat lists no models.
      models: null,
    });
    expect(other.asked).toEqual([]);
    all.due.set('main', []);
    expect((await all.testUpstreams(asked)).body).toMatchObject({
      results: [{ ok: false, key: null }, { ok: false }],
    });
  });

  it('refuses what has no key, no such group, or an address that is none', async () => {
    const all = await house();
    const asked = { channel: 'openai', upstreams: [{ url: 'https://host', weight: 1 }] };
    expect(await all.testUpstreams(asked)).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'key' }] },
    });
    expect((await all.testUpstreams({ ...asked, group: 'gone' })).status).toBe(404);
    expect(
      await all.testUpstreams({ ...asked, key: 'k', upstreams: [{ url: 'host', weight: 1 }] }),
    ).toMatchObject({ status: 422, body: { errors: [{ field: 'upstreams[0].url' }] } });
  });
});

describe('two validators', () => {
  it('keep the schedule one after the other, the second at once when the first stops', async () => {
    const coordination = createInProcessCoordination();
    const good = await provider();
    const open = () =>
      openHouse([group('main', { upstreams: upstreams(good) })], {
        coordination,
        due: { main: ['sk-key-1'] },
      });
    const first = await open();
    await eventually(() => first.checked.length).toBe(1);
    const second = await open();
    expect(second.checked).toEqual([]);
    await first.close();
    await eventually(() => second.checked.length).toBe(1);
    await second.close();
  });
});
