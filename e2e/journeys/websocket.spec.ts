import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { completionOf } from '../clients/ask.ts';
import { askOnWire } from '../clients/wire.ts';
import { addServing, useHouse } from '../product/house.ts';
import { fault } from '../provider-simulator/errors.ts';

const house = useHouse();

interface Talk {
  readonly ws: WebSocket;
  readonly heard: string[];
  readonly closed: Promise<{ code: number; reason: string }>;
}

async function talk(): Promise<Talk & { secret: string }> {
  const { name, secrets } = await addServing(house, { channel: 'openai' });
  return { ...(await talkTo(name)), secret: secrets[0] ?? '' };
}

async function talkTo(name: string): Promise<Talk> {
  const url = `ws://127.0.0.1:${house.keymux.port}/proxy/${name}/v1/realtime?model=gpt-realtime`;
  const ws = new WebSocket(url, {
    headers: {
      authorization: `Bearer ${house.keymux.proxyKey}`,
      'OpenAI-Beta': 'realtime=v1',
    },
  });
  const heard: string[] = [];
  ws.on('message', (data: Buffer, binary) => {
    heard.push(binary ? data.toString('hex') : data.toString());
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await new Promise((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('error', reject);
  });
  return { ws, heard, closed };
}

/** The status that an upgrade is refused with. */
async function refusedBy(name: string): Promise<number | undefined> {
  const url = `ws://127.0.0.1:${house.keymux.port}/proxy/${name}/v1/realtime`;
  const ws = new WebSocket(url, {
    headers: { authorization: `Bearer ${house.keymux.proxyKey}` },
  });
  return new Promise((resolve, reject) => {
    ws.once('open', () => reject(new Error('it was not refused')));
    ws.on('unexpected-response', (_, reply) => resolve(reply.statusCode));
    ws.on('error', () => undefined);
  });
}

describe('a WebSocket through Keymux', () => {
  it('carries messages both ways, with the group’s key upstream', async () => {
    const { ws, heard, secret } = await talk();
    await expect.poll(() => heard[0]).toContain('session.created');
    ws.send('text \u4e2d');
    ws.send(Buffer.from([0, 255, 128]));
    ws.send('x'.repeat(300_000));
    await expect.poll(() => heard.length).toBe(4);
    expect(heard.slice(1)).toEqual(['text \u4e2d', '00ff80', 'x'.repeat(300_000)]);
    const hit = house.simulator.hits.at(-1);
    expect(hit).toMatchObject({ key: secret, url: '/v1/realtime?model=gpt-realtime' });
    expect(hit?.headers['openai-beta']).toBe('realtime=v1');
    expect(JSON.stringify(hit?.rawHeaders)).not.toContain(house.keymux.proxyKey);
    ws.terminate();
  });

  it('is closed by the provider with its code and reason', async () => {
    const { ws, closed } = await talk();
    ws.send('{"type":"close","code":4001,"reason":"session over"}');
    expect(await closed).toEqual({ code: 4001, reason: 'session over' });
  });

  it('is closed by the client with its code and reason', async () => {
    const { ws, closed } = await talk();
    ws.close(4002, 'enough');
    await closed;
    await expect
      .poll(() => house.simulator.realtime.closes.at(-1))
      .toEqual({ code: 4002, reason: 'enough' });
  });

  it('ends on the other side when one side vanishes', async () => {
    const first = await talk();
    first.ws.send('{"type":"terminate"}');
    expect((await first.closed).code).toBe(1006);
    const second = await talk();
    expect(house.simulator.realtime.open.size).toBeGreaterThan(0);
    second.ws.terminate();
    await expect.poll(() => house.simulator.realtime.open.size).toBe(0);
  });

  it('is what only a request for one becomes: another that offers HTTP/2 goes on with its body', async () => {
    const { name } = await addServing(house, { channel: 'openai' });
    const { port, proxyKey } = house.keymux;
    const { headers, path, body } = completionOf('openai', { stream: false });
    const reply = await askOnWire({
      port,
      method: 'POST',
      target: `/proxy/${name}${path}`,
      headers: [
        ['Host', 'h'],
        ['Connection', 'Upgrade, HTTP2-Settings'],
        ['Upgrade', 'h2c'],
        ['HTTP2-Settings', 'AAEAAEAAAAIAAAABAAMAAABk'],
        ['Authorization', `Bearer ${proxyKey}`],
        ...Object.entries(headers),
      ],
      body,
    });
    expect(reply.statusLine).toContain('200');
    const hit = house.simulator.hits.at(-1);
    expect(hit?.method).toBe('POST');
    expect(hit?.body.toString()).toBe(body);
    expect(hit?.headers.upgrade).toBeUndefined();
  });

  it('is refused with a wrong proxy key, without asking the provider', async () => {
    const { name } = await addServing(house, { channel: 'openai' });
    const url = `ws://127.0.0.1:${house.keymux.port}/proxy/${name}/v1/realtime`;
    const ws = new WebSocket(url, { headers: { authorization: 'Bearer wrong' } });
    const status = await new Promise((resolve) => {
      ws.on('unexpected-response', (_, reply) => resolve(reply.statusCode));
      ws.on('error', () => undefined);
    });
    expect(status).toBe(401);
    expect(house.simulator.hits).toEqual([]);
  });

  it('gives the provider’s refusal to the client', async () => {
    const { name } = await addServing(house, { channel: 'openai' });
    const url = `ws://127.0.0.1:${house.keymux.port}/proxy/${name}/v1/nothing-here`;
    const ws = new WebSocket(url, {
      headers: { authorization: `Bearer ${house.keymux.proxyKey}` },
    });
    const status = await new Promise((resolve) => {
      ws.on('unexpected-response', (_, reply) => resolve(reply.statusCode));
      ws.on('error', () => undefined);
    });
    expect(status).toBe(401);
    expect(house.simulator.hits.length).toBeGreaterThan(0);
  });

  it('is tried with another key when one is refused, and that key is judged as for any request', async () => {
    const { name, secrets } = await addServing(house, { channel: 'openai' }, 2);
    const [bad = ''] = secrets;
    const { api } = house.keymux;
    house.simulator.script({ match: { key: bad }, answer: fault('openai', 'invalid-key') });
    for (let each = 0; each < 6; each += 1) {
      const { ws, heard } = await talkTo(name);
      await expect.poll(() => heard[0]).toContain('session.created');
      ws.close(1000, '');
    }
    expect(house.simulator.keyCounts.get(bad)).toBe(3);
    await expect
      .poll(() => api.key(name, bad), { timeout: 20_000 })
      .toMatchObject({ status: 'blacklisted', streak: 3 });
    await expect
      .poll(async () => (await api.logs({ group: name })).map(({ attempts }) => attempts.length), {
        timeout: 20_000,
      })
      .toEqual(expect.arrayContaining([1, 1, 1, 2, 2, 2]));
    const tried = (await api.logs({ group: name })).find(({ attempts }) => attempts.length === 2);
    expect(tried).toMatchObject({
      status: 101,
      attempts: [
        { status: 401, verdict: 'count', rule: 'unauthorized' },
        { status: 101, verdict: 'success' },
      ],
    });
  });

  it('is given the last refusal when no key is taken, and those rest as they were told', async () => {
    const { name } = await addServing(house, { channel: 'openai' }, 2);
    house.simulator.script({ answer: fault('openai', 'rate-limit', 300) });
    expect(await refusedBy(name)).toBe(429);
    expect(house.simulator.hits.length).toBe(2);
    expect(await refusedBy(name)).toBe(503);
    expect(house.simulator.hits.length).toBe(2);
    await expect
      .poll(() => house.keymux.api.keys(name, { status: 'cooling' }), { timeout: 20_000 })
      .toHaveLength(2);
  });

  it('is tried again when an upstream resets it', async () => {
    const { name } = await addServing(house, { channel: 'openai' }, 2);
    house.simulator.script({ times: 1, answer: { kind: 'reset' } });
    const { ws, heard } = await talkTo(name);
    await expect.poll(() => heard[0]).toContain('session.created');
    expect(house.simulator.hits.length).toBe(2);
    ws.terminate();
  });

  it('has its row in the log', async () => {
    const { ws, closed } = await talk();
    ws.close(1000, '');
    await closed;
    await expect
      .poll(
        async () =>
          (await house.keymux.api.logs({ q: '/v1/realtime' })).filter((row) => row.status === 101)
            .length,
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0);
  });
});
