import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { ChannelName } from '@keymux/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { completionOf, credentialOf } from '../clients/ask.ts';
import { askOnWire, sendOnWire, type WireReply } from '../clients/wire.ts';
import { addServing, useHouse } from '../product/house.ts';
import { bytes, eventStream, json, type HeaderList } from '../provider-simulator/answer.ts';
import { simulatedBytes } from '../provider-simulator/binary.ts';
import { fault, type Format } from '../provider-simulator/errors.ts';
import type { Hit } from '../provider-simulator/hit.ts';

const house = useHouse();

interface Served {
  readonly name: string;
  readonly secret: string;
}
const served = new Map<ChannelName, Served>();
const channels = ['openai', 'openai-response', 'gemini', 'anthropic'] as const;

beforeAll(async () => {
  for (const channel of channels) {
    const { name, secrets } = await addServing(house, { channel });
    served.set(channel, { name, secret: secrets[0] ?? '' });
  }
});

interface Sent {
  readonly channel: ChannelName;
  readonly method?: string;
  readonly target: string;
  readonly headers?: HeaderList;
  readonly body?: Buffer | string;
}

/** Headers that a careful proxy must not touch, in an order and case nobody else writes. */
const peculiar: HeaderList = [
  ['User-Agent', 'Journey/1.0 (transparent)'],
  ['X-Stainless-Lang', 'js'],
  ['x-repeated', 'one'],
  ['ACCEPT', '*/*'],
  ['X-Repeated', 'two'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['x-empty', ''],
  ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
];
/** Headers of one connection, of credentials, and those of edge proxies. */
const notForwarded: HeaderList = [
  ['Cookie', 'session=of-the-client'],
  ['X-Forwarded-For', '203.0.113.7'],
  ['X-Forwarded-Proto', 'https'],
  ['Connection', 'x-of-this-hop, keep-alive'],
  ['X-Of-This-Hop', 'yes'],
  ['Keep-Alive', 'timeout=5'],
];

async function send(port: number, target: string, sent: Sent, key: string, extra: HeaderList) {
  const credential: HeaderList = Object.entries(credentialOf(sent.channel, key));
  return askOnWire({
    port,
    target,
    headers: [
      ['Host', `127.0.0.1:${port}`],
      ...peculiar,
      ...credential,
      ...extra,
      ...(sent.headers ?? []),
    ],
    ...(sent.method === undefined ? {} : { method: sent.method }),
    ...(sent.body === undefined ? {} : { body: sent.body }),
  });
}

/** Sends the same request straight to the provider and through Keymux. */
async function both(sent: Sent): Promise<{
  direct: { reply: WireReply; hit: Hit };
  through: { reply: WireReply; hit: Hit };
}> {
  const { name, secret } = served.get(sent.channel) ?? { name: '', secret: '' };
  const { simulator, keymux } = house;
  const hitsOf = async (ask: () => Promise<WireReply>) => {
    const before = simulator.hits.length;
    const reply = await ask();
    const [hit, ...more] = simulator.hits.slice(before);
    if (hit === undefined || more.length > 0) throw new Error(`hits: ${1 + more.length}`);
    return { reply, hit };
  };
  const direct = await hitsOf(() => send(simulator.port, sent.target, sent, secret, []));
  const through = await hitsOf(() =>
    send(keymux.port, `/proxy/${name}${sent.target}`, sent, keymux.proxyKey, notForwarded),
  );
  return { direct, through };
}

const pairs = (raw: readonly string[]): [string, string][] =>
  raw.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : []));

const without = (list: HeaderList, names: readonly string[]) =>
  list.filter(([name]) => !names.includes(name.toLowerCase()));

const credentialNames = ['authorization', 'x-api-key', 'x-goog-api-key'];
/** What the gateway must write anew for its own connection. */
const ownRequestHeaders = ['host', 'connection', 'content-length', 'x-keymux-via'];
const ownReplyHeaders = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'x-request-id',
  'x-upstream-request-id',
];

/** The provider got what the client sent; the client got what the provider sent. */
function expectTransparent(
  sent: Sent,
  { direct, through }: Awaited<ReturnType<typeof both>>,
  options: { chunks: boolean },
): void {
  expect(through.hit.method).toBe(direct.hit.method);
  expect(through.hit.url).toBe(direct.hit.url);
  const own = [...ownRequestHeaders, ...credentialNames];
  expect(without(pairs(through.hit.rawHeaders), own)).toEqual(
    without(pairs(direct.hit.rawHeaders), own),
  );
  expect(through.hit.headers['content-length']).toBe(direct.hit.headers['content-length']);
  expect(through.hit.headers.host).toBe(direct.hit.headers.host);
  expect(through.hit.bodySha256).toBe(direct.hit.bodySha256);

  const seen = JSON.stringify([through.hit.url, through.hit.rawHeaders]);
  expect(through.hit.key).toBe(served.get(sent.channel)?.secret);
  expect(seen).not.toContain(house.keymux.proxyKey);
  const credentials = pairs(through.hit.rawHeaders).filter(([name]) =>
    credentialNames.includes(name.toLowerCase()),
  );
  expect(credentials).toHaveLength(1);

  expect(through.reply.statusLine).toBe(direct.reply.statusLine);
  expect(without(through.reply.headers, ownReplyHeaders)).toEqual(
    without(direct.reply.headers, ownReplyHeaders),
  );
  const ids = through.reply.headers.filter(([name]) => name.toLowerCase() === 'x-request-id');
  expect(ids).toHaveLength(1);
  expect(through.reply.complete).toBe(true);
  expect(through.reply.body.equals(direct.reply.body)).toBe(true);
  if (options.chunks) {
    expect(through.reply.chunks.map(String)).toEqual(direct.reply.chunks.map(String));
  }
}

function completion(channel: ChannelName, stream: boolean): Sent {
  const { path, headers, body } = completionOf(channel, { stream });
  return { channel, method: 'POST', target: path, headers: Object.entries(headers), body };
}

function multipart(): { headers: HeaderList; body: Buffer } {
  const boundary = '----journey7MA4YWxkTrZu0gW';
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n` +
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="data.jsonl"\r\n` +
        `Content-Type: application/octet-stream\r\n\r\n`,
    ),
    simulatedBytes(200_000),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return { headers: [['Content-Type', `multipart/form-data; boundary=${boundary}`]], body };
}

const anthropicVersion: HeaderList = [['anthropic-version', '2023-06-01']];

describe.each(channels)('the %s channel', (channel) => {
  const version = channel === 'anthropic' ? anthropicVersion : [];

  it('passes a completion byte for byte', async () => {
    const sent = completion(channel, false);
    expectTransparent(sent, await both(sent), { chunks: false });
  });

  it('passes a stream byte for byte, chunk by chunk', async () => {
    const sent = completion(channel, true);
    const result = await both(sent);
    expect(result.direct.reply.chunks.length).toBeGreaterThan(5);
    expectTransparent(sent, result, { chunks: true });
  });

  it('passes the model list', async () => {
    const target = channel === 'gemini' ? '/v1beta/models?pageSize=50' : '/v1/models?limit=20';
    const sent = { channel, target, headers: version };
    expectTransparent(sent, await both(sent), { chunks: false });
  });

  it('passes a multipart upload', async () => {
    const { headers, body } = multipart();
    const target =
      channel === 'gemini' ? '/upload/v1beta/files?uploadType=multipart' : '/v1/files?x=1';
    const sent = { channel, method: 'POST', target, headers: [...version, ...headers], body };
    expectTransparent(sent, await both(sent), { chunks: false });
  });

  it('passes a binary download', async () => {
    const target =
      channel === 'gemini' ? '/v1beta/files/abc:download?alt=media' : '/v1/files/file-1/content';
    const sent = { channel, target, headers: version };
    const result = await both(sent);
    expect(result.through.reply.body.length).toBe(300_000);
    expectTransparent(sent, result, { chunks: false });
  });

  it.each(['bad-request', 'not-found'] as const)('passes the error answer %s', async (what) => {
    const format: Format = channel;
    house.simulator.script({ answer: fault(format, what) });
    const sent = completion(channel, false);
    expectTransparent(sent, await both(sent), { chunks: false });
  });
});

describe('what is special', () => {
  it("passes Gemini's OpenAI surface, with a bearer token upstream", async () => {
    for (const stream of [false, true]) {
      const { headers, body } = completionOf('openai', { stream, model: 'gemini-2.0-flash' });
      const sent: Sent = {
        channel: 'gemini',
        method: 'POST',
        target: '/v1beta/openai/chat/completions',
        headers: Object.entries(headers),
        body,
      };
      const result = await both(sent);
      expectTransparent(sent, result, { chunks: stream });
      const secret = served.get('gemini')?.secret ?? '';
      expect(result.through.hit.headers.authorization).toBe(`Bearer ${secret}`);
    }
  });

  it("passes Gemini's stream that is a JSON array", async () => {
    const sent: Sent = {
      channel: 'gemini',
      method: 'POST',
      target: '/v1beta/models/gemini-2.0-flash:streamGenerateContent',
      body: '{"contents":[]}',
    };
    expectTransparent(sent, await both(sent), { chunks: true });
  });

  it('keeps the path and the query as they are written', async () => {
    for (const target of [
      '/v1/files/a%2Fb%2fc?x=1%202&&y=%E4%B8%AD&flag&z=a+b&q=%41',
      '/v1//double/./dot/../up',
      '/v1/models/a%20b;v=1,c@d:e!$()*',
      '/v1/models?',
    ]) {
      house.simulator.script({ answer: json(200, { ok: true }) });
      const sent: Sent = { channel: 'openai', target };
      expectTransparent(sent, await both(sent), { chunks: false });
    }
  });

  it('takes a proxy key out of the query and leaves the rest of it', async () => {
    const { name, secret } = served.get('gemini') ?? { name: '', secret: '' };
    const { port, proxyKey } = house.keymux;
    const target = `/proxy/${name}/v1beta/models?pageSize=5&key=${proxyKey}&pageToken=x%2Fy`;
    const reply = await askOnWire({ port, target, headers: [['Host', 'h']] });
    expect(reply.statusLine).toContain('200');
    const hit = house.simulator.hits.at(-1);
    expect(hit?.url).toBe('/v1beta/models?pageSize=5&pageToken=x%2Fy');
    expect(hit?.headers['x-goog-api-key']).toBe(secret);
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'POST'])('passes %s', async (method) => {
    house.simulator.script({ answer: json(200, { ok: true }) });
    const sent: Sent = {
      channel: 'openai',
      method,
      target: '/v1/anything',
      headers: [['Content-Type', 'text/plain']],
      body: 'a body that is no JSON \u00e9\u4e2d',
    };
    expectTransparent(sent, await both(sent), { chunks: false });
  });

  it('passes bodies larger than what is kept for another attempt', async () => {
    const sent: Sent = {
      channel: 'openai',
      method: 'POST',
      target: '/v1/files',
      headers: [['Content-Type', 'application/octet-stream']],
      body: simulatedBytes(12_000_000),
    };
    expectTransparent(sent, await both(sent), { chunks: false });
  });

  it('passes a chunked upload whole', async () => {
    const { name } = served.get('openai') ?? { name: '' };
    const { port, proxyKey } = house.keymux;
    const reply = await sendOnWire(
      port,
      Buffer.from(
        `POST /proxy/${name}/v1/files HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${proxyKey}\r\n` +
          'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
      ),
    );
    expect(reply.statusLine).toContain('200');
    expect(house.simulator.hits.at(-1)?.body.toString()).toBe('hello world');
  });

  it('passes compressed answers as they are', async () => {
    const body = gzipSync('{"usage":{"prompt_tokens":1,"completion_tokens":2}}');
    house.simulator.script({
      answer: bytes(200, 'application/json', body, [['Content-Encoding', 'gzip']]),
    });
    const sent = completion('openai', false);
    expectTransparent(sent, await both(sent), { chunks: false });
  });

  it.each([400, 503])('passes an answer of %i that is larger than what is held', async (status) => {
    house.simulator.script({
      answer: bytes(status, 'application/octet-stream', simulatedBytes(3_000_000)),
    });
    const sent = completion('openai', false);
    expectTransparent(sent, await both(sent), { chunks: false });
  });

  it('gives redirects to the client', async () => {
    house.simulator.script({
      answer: bytes(302, 'text/plain', Buffer.from('there'), [['Location', '/v1/elsewhere?a=b']]),
    });
    const sent: Sent = { channel: 'openai', target: '/v1/files/f/content' };
    expectTransparent(sent, await both(sent), { chunks: false });
  });

  it('passes answers without a body and odd status lines', async () => {
    house.simulator.script({
      answer: {
        kind: 'reply',
        status: 204,
        statusText: 'Nothing To Say',
        headers: [['X-Odd', 'Value; with="quotes"']],
        chunks: [],
      },
    });
    const sent: Sent = { channel: 'openai', method: 'DELETE', target: '/v1/files/file-1' };
    expectTransparent(sent, await both(sent), { chunks: false });
  });

  it('gives each event to the client before the next one exists', async () => {
    const { name } = served.get('openai') ?? { name: '' };
    const arrived: string[] = [];
    let wake: () => void = () => undefined;
    const events = Array.from({ length: 25 }, (_, number) => `data: {"n":${number}}\n\n`);
    async function* inLockStep(): AsyncGenerator<Buffer> {
      for (const [number, each] of events.entries()) {
        yield Buffer.from(each);
        while (arrived.length <= number) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    }
    house.simulator.script({ answer: eventStream(inLockStep()) });
    const { path, headers, body } = completionOf('openai', { stream: true });
    const reply = await askOnWire({
      port: house.keymux.port,
      method: 'POST',
      target: `/proxy/${name}${path}`,
      headers: [
        ['Host', 'h'],
        ['Authorization', `Bearer ${house.keymux.proxyKey}`],
        ...Object.entries(headers),
      ],
      body,
      onChunk(chunk) {
        arrived.push(chunk.toString());
        wake();
      },
    });
    expect(reply.complete).toBe(true);
    expect(arrived).toEqual(events);
  });

  it('lets the upstream wait for a client that does not read, and gives it every chunk when it does', async () => {
    const { name } = served.get('openai') ?? { name: '' };
    const sizes = [1, 300, 20_000, 4_000, 8_192, 60];
    const totalBytes = 64_000_000;
    const [produced, arrived] = [createHash('sha256'), createHash('sha256')];
    let producedBytes = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (let number = 0; producedBytes < totalBytes; number += 1) {
        const event = `data: ${String(number % 10).repeat(sizes[number % sizes.length] ?? 1)}\n\n`;
        produced.update(event);
        producedBytes += event.length;
        yield Buffer.from(event);
      }
    }
    house.simulator.script({ answer: eventStream(endless()) });
    const { path, headers, body } = completionOf('openai', { stream: true });
    const answer = await fetch(`${house.keymux.url}/proxy/${name}${path}`, {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${house.keymux.proxyKey}` },
      body,
    });
    // Whoever buffers all of it has it all by then; a machine that is busy only looks as if it waited.
    for (let before = -1; before < producedBytes; await sleep(300)) before = producedBytes;
    expect(producedBytes).toBeLessThan(totalBytes);
    for await (const chunk of answer.body ?? []) arrived.update(chunk);
    expect(producedBytes).toBeGreaterThanOrEqual(totalBytes);
    expect(arrived.digest('hex')).toBe(produced.digest('hex'));
  });

  it('sends anthropic-version only when the client sent none', async () => {
    const { name } = served.get('anthropic') ?? { name: '' };
    const url = `${house.keymux.url}/proxy/${name}/v1/models`;
    const headers = { 'x-api-key': house.keymux.proxyKey };
    await fetch(url, { headers });
    expect(house.simulator.hits.at(-1)?.headers['anthropic-version']).toBe('2023-06-01');
    await fetch(url, { headers: { ...headers, 'anthropic-version': '2099-01-01' } });
    expect(house.simulator.hits.at(-1)?.headers['anthropic-version']).toBe('2099-01-01');
  });
});
