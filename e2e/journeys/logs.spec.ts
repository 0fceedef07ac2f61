import type { ChannelName, LogRow } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { ask, completionOf, credentialOf } from '../clients/ask.ts';
import { startLoad } from '../clients/load.ts';
import { addServing, useHouse } from '../product/house.ts';
import { fault } from '../provider-simulator/errors.ts';

const house = useHouse({ simulator: { betweenChunksMs: 1 } });
const api = () => house.keymux.api;

const formats: [ChannelName, boolean][] = [
  ['openai', false],
  ['openai', true],
  ['openai-response', false],
  ['openai-response', true],
  ['gemini', false],
  ['gemini', true],
  ['anthropic', false],
  ['anthropic', true],
];

describe('the row of a request', () => {
  it.each(formats)('of %s (stream: %s) has every field and the tokens', async (channel, stream) => {
    const { name, url, secrets } = await addServing(house, { channel });
    const reply = await ask(url, channel, house.keymux.proxyKey, { stream, model: 'a-model' });
    const row = await api().log(reply.requestId);
    const { body, path } = completionOf(channel, { stream, model: 'a-model' });
    const key = await api().key(name, secrets[0] ?? '');
    expect(row).toMatchObject({
      request_id: reply.requestId,
      group: name,
      aggregate: null,
      channel,
      method: 'POST',
      path: expect.stringContaining(path.split('?')[0] ?? ''),
      model: 'a-model',
      streaming: stream,
      status: 200,
      at_fault: null,
      error: null,
      attempts: [
        {
          key_id: key.id,
          key: key.masked,
          upstream: expect.stringContaining(house.simulator.url),
          status: 200,
          verdict: 'success',
          ms: expect.any(Number),
        },
      ],
      bytes_in: Buffer.byteLength(body),
      bytes_out: Buffer.byteLength(reply.text),
      tokens: { cached: 3, reasoning: channel === 'anthropic' ? null : 2 },
      source_ip: '127.0.0.1',
      user_agent: 'node',
    } satisfies Partial<Record<keyof LogRow, unknown>>);
    // As each provider counts: Gemini's candidates are without its thoughts.
    expect(row.tokens.output).toBe(channel === 'gemini' ? 8 : 10);
    expect([16, 19]).toContain(row.tokens.input);
    const named = channel === 'gemini' ? null : expect.stringMatching(/^req_/);
    expect(row.upstream_request_id).toEqual(named);
    expect(row.proxy_key).not.toBeNull();
    expect(row.proxy_key).not.toContain(house.keymux.proxyKey);
    expect(row.revision).toBeGreaterThan(0);
    expect(row.ttfb_ms).not.toBeNull();
    expect(row.duration_ms).toBeGreaterThanOrEqual(row.ttfb_ms ?? 0);
    expect(Date.parse(row.time)).toBeGreaterThan(Date.now() - 120_000);
  });

  it('tells the model and the streaming that stand behind messages of megabytes, and redirects it', async () => {
    const { url } = await addServing(house, {
      channel: 'openai',
      model_redirect_rules: { 'a-model': 'another' },
      model_redirect_strict: true,
    });
    const askFor = (model: string) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...credentialOf('openai', house.keymux.proxyKey),
        },
        body: JSON.stringify({
          messages: [{ role: 'user', content: 'a "picture" \\'.repeat(200_000) }],
          model,
          stream: true,
        }),
      });
    const reply = await askFor('a-model');
    await reply.text();
    const row = await api().log(reply.headers.get('x-request-id') ?? '');
    const told = { status: 200, model: 'a-model', model_sent: 'another', streaming: true };
    expect(row).toMatchObject(told);
    expect(house.simulator.hits.at(-1)?.model).toBe('another');
    expect((await askFor('no-such')).status).toBe(404);
  });

  it('cuts secrets out of the path, and keeps the trace and the client’s address', async () => {
    const { url } = await addServing(house, { channel: 'gemini' });
    const query = `key=${house.keymux.proxyKey}&pageSize=2&access_token=of-the-client`;
    const reply = await fetch(`${url}/v1beta/models?${query}`, {
      headers: {
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        'x-forwarded-for': '203.0.113.9',
      },
    });
    await reply.arrayBuffer();
    const row = await api().log(reply.headers.get('x-request-id') ?? '');
    expect(row.path).toBe('/v1beta/models?pageSize=2&access_token=[redacted]');
    expect(house.simulator.hits.at(-1)?.url).toContain('access_token=of-the-client');
    expect(row.trace_id).toBe('0af7651916cd43dd8448eb211c80319c');
    // Nobody said that the peer is a proxy to be trusted.
    expect(row.source_ip).toBe('127.0.0.1');
  });

  it('keeps the body only where the group says so', async () => {
    const plain = await addServing(house, { channel: 'openai' });
    const kept = await addServing(house, {
      channel: 'openai',
      config: { enable_request_body_logging: true },
    });
    const bodyOf = async (url: string) => {
      const text = 'what the client said';
      const reply = await ask(url, 'openai', house.keymux.proxyKey, { text });
      return (await api().log(reply.requestId)).body ?? null;
    };
    expect(await bodyOf(plain.url)).toBeNull();
    expect(await bodyOf(kept.url)).toContain('what the client said');
  });

  it('tells what the gateway refused', async () => {
    const { url } = await addServing(house, { channel: 'openai' });
    const refused = await ask(url, 'openai', 'pk-wrong-key');
    const row = await api().log(refused.requestId);
    expect(row).toMatchObject({ status: 401, at_fault: 'client', attempts: [] });
    expect(JSON.stringify(row)).not.toContain('pk-wrong-key');
  });
});

describe('finding rows', () => {
  it('filters, pages, searches and exports', async () => {
    const { name, url, secrets } = await addServing(house, { channel: 'openai' });
    const stop = house.simulator.script({
      match: { model: 'bad' },
      answer: fault('openai', 'bad-request'),
    });
    const ids: string[] = [];
    for (const model of ['good', 'bad', 'good', 'bad', 'good']) {
      ids.push((await ask(url, 'openai', house.keymux.proxyKey, { model })).requestId);
    }
    stop();
    for (const id of ids) await api().log(id);
    const found = async (query: Record<string, string>) =>
      (await api().logs({ group: name, ...query })).map((row) => row.request_id);
    const [first, second, third, fourth, fifth] = ids;
    const post = { q: 'chat/completions' };
    expect(await found(post)).toEqual([fifth, fourth, third, second, first]);
    expect(await found({ ...post, limit: '2' })).toHaveLength(5);
    expect(await found({ model: 'good' })).toEqual([fifth, third, first]);
    expect(await found({ status: '400' })).toEqual([fourth, second]);
    expect(await found({ status: '4xx', model: 'bad' })).toEqual([fourth, second]);
    expect(await found({ outcome: 'error' })).toEqual([fourth, second]);
    expect(await found({ outcome: 'client' })).toEqual([fourth, second]);
    expect(await found({ ...post, outcome: 'ok' })).toEqual([fifth, third, first]);
    expect(await found({ q: 'Invalid type' })).toEqual([fourth, second]);
    const key = await api().key(name, secrets[0] ?? '');
    expect(await found({ ...post, key: key.id })).toHaveLength(5);
    expect(await found({ key: 'no-such-key' })).toEqual([]);
    const middle = (await api().log(third ?? '')).time;
    expect(await found({ ...post, to: middle, from: '2000-01-01T00:00:00Z' })).not.toContain(fifth);
    expect((await api().request('GET', '/api/logs?status=nine')).status).toBe(422);

    const ndjson = await api().request('GET', `/api/logs/export?format=ndjson&group=${name}`);
    const lines = ndjson.text.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).request_id)).toEqual(expect.arrayContaining(ids));
    const csv = await api().request('GET', `/api/logs/export?format=csv&group=${name}`);
    expect(csv.text.trim().split(/\r?\n/)).toHaveLength(lines.length + 1);
    expect(csv.text).toContain('request_id');
  });

  it('tells them live', async () => {
    const { name, url } = await addServing(house, { channel: 'openai' });
    const leave = new AbortController();
    const tail = await fetch(`${house.keymux.url}/api/logs/tail?group=${name}`, {
      headers: { authorization: `Bearer ${house.keymux.authKey}` },
      signal: leave.signal,
    });
    expect(tail.headers.get('content-type')).toContain('text/event-stream');
    let heard = '';
    const reading = (async () => {
      for await (const chunk of tail.body ?? []) heard += Buffer.from(chunk).toString();
    })().catch(() => 'left');
    await expect
      .poll(
        async () => {
          const { requestId } = await ask(url, 'openai', house.keymux.proxyKey);
          return heard.includes('request_id') && requestId !== '';
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    expect(heard).toContain(name);
    leave.abort();
    await reading;
  });

  it('sums them up', async () => {
    const { name, url } = await addServing(house, { channel: 'openai' });
    const { requestId } = await ask(url, 'openai', house.keymux.proxyKey);
    await api().log(requestId);
    await expect
      .poll(
        async () => {
          const reply = await api().request('GET', `/api/stats/overview?range=1h&group=${name}`);
          return reply.json;
        },
        { timeout: 20_000 },
      )
      .toMatchObject({ tokens_out: 10, errors: 0, latency_p50_ms: expect.any(Number) });
    const series = await api().request(
      'GET',
      `/api/stats/series?metric=requests&by=group&range=1h&group=${name}`,
    );
    expect(series.status).toBe(200);
  });
});

describe('a kill of everything under load', () => {
  it(
    'loses no row of an answered request, and counts none twice',
    { timeout: 180_000 },
    async () => {
      const { name, url } = await addServing(house, { channel: 'openai' }, 10);
      const answered: string[] = [];
      for (const stream of [false, true]) {
        const { path, headers, body } = completionOf('openai', { stream });
        const load = startLoad({
          url: url + path,
          headers: { ...headers, ...credentialOf('openai', house.keymux.proxyKey) },
          body,
          clients: 20,
        });
        await load.reached(1000);
        await house.keymux.kill9();
        const results = await load.stop();
        answered.push(
          ...results
            .filter((each) => each.status === 200 && each.failure === '')
            .map((each) => each.requestId),
        );
        await house.keymux.start();
      }
      expect(answered.length).toBeGreaterThanOrEqual(1900);
      expect(new Set(answered).size).toBe(answered.length);
      await expect
        .poll(
          async () => {
            const ids = new Set((await api().logs({ group: name })).map((row) => row.request_id));
            return answered.filter((id) => !ids.has(id)).length;
          },
          { timeout: 60_000, interval: 500 },
        )
        .toBe(0);
      const ids = (await api().logs({ group: name })).map((row) => row.request_id);
      expect(new Set(ids).size).toBe(ids.length);
    },
  );
});
