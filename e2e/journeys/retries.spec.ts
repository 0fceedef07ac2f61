import type { NewGroup } from '@keymux/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, completionOf, credentialOf } from '../clients/ask.ts';
import { startLoad } from '../clients/load.ts';
import { addServing, groupName, secretsFor, useHouse } from '../product/house.ts';
import { event, eventStream, type Answer } from '../provider-simulator/answer.ts';
import { fault } from '../provider-simulator/errors.ts';
import { startSimulator, type Simulator } from '../provider-simulator/simulator.ts';

const house = useHouse();
let second: Simulator;
let third: Simulator;
beforeAll(async () => {
  second = await startSimulator();
  third = await startSimulator();
});
afterEach(() => {
  second.reset();
  third.reset();
});
afterAll(async () => {
  await second.close();
  await third.close();
});

const askOf = (url: string, options: Parameters<typeof ask>[3] = {}) =>
  ask(url, 'openai', house.keymux.proxyKey, options);

/** A group over several simulators, once the first answers with each key. */
async function over(
  weights: readonly [Simulator, number][],
  group: Partial<NewGroup> = {},
  keys = 4,
) {
  const serving = await addServing(house, { channel: 'openai', ...group }, keys);
  await house.keymux.api.changeGroup(serving.name, {
    upstreams: weights.map(([simulator, weight]) => ({ url: simulator.url, weight })),
  });
  const marker = weights.findLast(([, weight]) => weight > 0)?.[0] ?? house.simulator;
  await expect
    .poll(async () => {
      await askOf(serving.url);
      return marker.hits.length;
    })
    .toBeGreaterThan(0);
  for (const each of [house.simulator, second, third]) each.forget();
  return serving;
}

describe('another attempt', () => {
  it('is made with another key, and the log tells both', async () => {
    const { url, secrets } = await addServing(house, { channel: 'openai' }, 2);
    house.simulator.script({ times: 1, answer: fault('openai', 'invalid-key') });
    const reply = await askOf(url);
    expect(reply.status).toBe(200);
    expect(house.simulator.hits.map((each) => each.key).toSorted()).toEqual([...secrets]);
    expect(house.simulator.hits[0]?.bodySha256).toBe(house.simulator.hits[1]?.bodySha256);
    const row = await house.keymux.api.log(reply.requestId);
    expect(row.attempts).toMatchObject([
      { status: 401, verdict: 'count', upstream: expect.stringContaining(house.simulator.url) },
      { status: 200, verdict: 'success' },
    ]);
  });

  const upstreamFaults: [string, Answer][] = [
    ['500', fault('openai', 'server-error')],
    ['503', fault('openai', 'overloaded')],
    ['a reset', { kind: 'reset' }],
    [
      'an empty 200',
      { kind: 'reply', status: 200, headers: [['Content-Length', '0']], chunks: [] },
    ],
    ['invalid HTTP', { kind: 'raw', bytes: Buffer.from('NONSENSE 1\r\n\r\n'), after: 'close' }],
    [
      'huge headers',
      {
        kind: 'raw',
        bytes: Buffer.from(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(10_000_000)}\r\n\r\n`),
        after: 'close',
      },
    ],
    [
      'an error event before content',
      eventStream([event({ error: { message: 'boom', type: 'server_error', code: null } })]),
    ],
  ];
  it.each(upstreamFaults)('is made at another upstream after %s', async (_, answer) => {
    const { url } = await over([
      [house.simulator, 1],
      [second, 1],
    ]);
    house.simulator.script({ answer });
    for (let round = 0; round < 4; round += 1) {
      const reply = await askOf(url, { stream: true });
      expect(reply.status, reply.text).toBe(200);
      expect(reply.text).toContain('[DONE]');
    }
    expect(house.simulator.hits.length).toBeGreaterThan(0);
  });

  it('gives the client the last real answer when all were tried', async () => {
    const { url } = await addServing(house, { channel: 'openai' }, 3);
    const answer = fault('openai', 'rate-limit', 45);
    house.simulator.script({ answer });
    const reply = await askOf(url);
    expect(reply.status).toBe(429);
    expect(reply.headers.get('retry-after')).toBe('45');
    expect(reply.headers.get('x-keymux-error')).toBeNull();
    const chunks: Buffer[] = [];
    for await (const chunk of answer.chunks) chunks.push(chunk);
    expect(reply.text).toBe(Buffer.concat(chunks).toString());
    expect(house.simulator.hits).toHaveLength(3);
  });

  it('is made at most max_retries times', async () => {
    for (const retries of [0, 1, 3]) {
      const { url } = await addServing(
        house,
        { channel: 'openai', config: { max_retries: retries } },
        10,
      );
      house.simulator.script({ answer: fault('openai', 'rate-limit') });
      await askOf(url);
      expect(house.simulator.hits).toHaveLength(retries + 1);
      house.simulator.reset();
    }
  });

  it.each(['reset', 'cut'] as const)('is not made after the first byte: %s', async (ending) => {
    const { url } = await addServing(house, { channel: 'openai' }, 2);
    house.simulator.script({ answer: { kind: 'usual', ending, endAfterChunks: 3 } });
    const { path, headers, body } = completionOf('openai', { stream: true });
    const reply = await fetch(url + path, {
      method: 'POST',
      headers: { ...headers, ...credentialOf('openai', house.keymux.proxyKey) },
      body,
    });
    expect(reply.status).toBe(200);
    await expect(reply.text()).rejects.toThrow();
    expect(house.simulator.hits).toHaveLength(1);
    const row = await house.keymux.api.log(reply.headers.get('x-request-id') ?? '');
    expect(row).toMatchObject({ at_fault: 'upstream', attempts: [{ verdict: 'upstream' }] });
  });

  it('passes an error event in the middle of a stream, and logs it as a failure', async () => {
    const { url } = await addServing(house, { channel: 'openai' }, 2);
    const events = [
      event({ choices: [{ index: 0, delta: { content: 'Hello' } }] }),
      event({ error: { message: 'it broke', type: 'server_error', code: null } }),
    ];
    house.simulator.script({ answer: eventStream(events) });
    const reply = await askOf(url, { stream: true });
    expect(reply.text).toBe(events.join(''));
    expect(house.simulator.hits).toHaveLength(1);
    const row = await house.keymux.api.log(reply.requestId);
    expect(row).toMatchObject({ at_fault: 'upstream' });
    expect(row.error).toContain('it broke');
  });

  it('is made for a completion whose answer does not come, not for a creation', async () => {
    const { url } = await over(
      [
        [house.simulator, 1],
        [second, 1],
      ],
      { config: { response_header_timeout: 1 } },
    );
    house.simulator.script({ match: { method: 'POST' }, answer: { kind: 'hang' } });
    for (let round = 0; round < 2; round += 1) expect((await askOf(url)).status).toBe(200);
    expect(house.simulator.hits.length).toBeGreaterThan(0);
    for (const each of [house.simulator, second]) {
      each.forget();
      each.script({ match: { method: 'POST' }, answer: { kind: 'reset' } });
    }
    const created = await fetch(`${url}/v1/batches`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${house.keymux.proxyKey}`,
      },
      body: '{"input_file_id":"f"}',
    });
    expect(created.status).toBe(502);
    expect(created.headers.get('x-keymux-error')).toBe('upstream_failed');
    expect(house.simulator.hits.length + second.hits.length).toBe(1);
  });

  it('keeps the deadline over all attempts', async () => {
    const { url } = await addServing(
      house,
      { channel: 'openai', config: { request_timeout: 1, max_retries: 50 } },
      5,
    );
    house.simulator.script({ answer: { kind: 'hang' } });
    const reply = await askOf(url);
    expect(reply.status).toBe(504);
    expect(reply.headers.get('x-keymux-error')).toBe('request_timeout');
    await expect.poll(() => house.simulator.activeRequests()).toBe(0);
  });

  it('ends a stream that goes silent', async () => {
    const { url } = await addServing(
      house,
      { channel: 'openai', config: { stream_idle_timeout: 1 } },
      2,
    );
    house.simulator.script({ answer: { kind: 'usual', ending: 'hang', endAfterChunks: 3 } });
    const { path, headers, body } = completionOf('openai', { stream: true });
    const reply = await fetch(url + path, {
      method: 'POST',
      headers: { ...headers, ...credentialOf('openai', house.keymux.proxyKey) },
      body,
    });
    await expect(reply.text()).rejects.toThrow();
    await expect.poll(() => house.simulator.activeRequests()).toBe(0);
  });
});

describe('upstreams', () => {
  it('share 10,000 requests by their weights', { timeout: 120_000 }, async () => {
    const { url } = await over([
      [house.simulator, 1],
      [second, 2],
      [third, 7],
    ]);
    const { path, headers, body } = completionOf('openai');
    const before = [house.simulator, second, third].map((each) => each.hits.length);
    const load = startLoad({
      url: url + path,
      headers: { ...headers, ...credentialOf('openai', house.keymux.proxyKey) },
      body,
      clients: 20,
      requests: 10_000,
    });
    const results = await load.stop();
    expect(results.filter((each) => each.status !== 200)).toEqual([]);
    const [one = 0, two = 0, seven = 0] = [house.simulator, second, third].map(
      (each, index) => each.hits.length - (before[index] ?? 0),
    );
    for (const [share, wanted] of [
      [one, 1000],
      [two, 2000],
      [seven, 7000],
    ] as const) {
      expect(Math.abs(share - wanted)).toBeLessThanOrEqual(100);
    }
  });

  it('that die leave the rotation and come back', async () => {
    const { url } = await over([
      [house.simulator, 1],
      [second, 1],
    ]);
    await second.goDown();
    for (let round = 0; round < 20; round += 1) expect((await askOf(url)).status).toBe(200);
    const alone = house.simulator.hits.length;
    expect(alone).toBeGreaterThanOrEqual(20);
    await second.comeBack();
    second.forget();
    await expect
      .poll(
        async () => {
          expect((await askOf(url)).status).toBe(200);
          return second.hits.length;
        },
        { timeout: 40_000, interval: 100 },
      )
      .toBeGreaterThan(3);
  });

  it('of weight 0 get nothing', async () => {
    const { url } = await over([
      [house.simulator, 0],
      [second, 1],
    ]);
    for (let round = 0; round < 10; round += 1) await askOf(url);
    expect([house.simulator.hits.length, second.hits.length]).toEqual([0, 10]);
  });
});

describe('an aggregate group', () => {
  const aggregate = async () => {
    const one = await addServing(house, { channel: 'openai' }, 2);
    const three = await addServing(house, { channel: 'openai' }, 2);
    const name = groupName('all');
    await house.keymux.api.addGroup({
      name,
      type: 'aggregate',
      channel: 'openai',
      members: [
        { group: one.name, weight: 1 },
        { group: three.name, weight: 3 },
      ],
    });
    const url = `${house.keymux.url}/proxy/${name}`;
    await expect.poll(async () => (await askOf(url)).status).toBe(200);
    house.simulator.forget();
    const used = (secrets: readonly string[]) =>
      secrets.reduce((sum, each) => sum + (house.simulator.keyCounts.get(each) ?? 0), 0);
    return { name, url, one, three, used };
  };

  it('shares requests by weight and says in the log who served', async () => {
    const { name, url, one, three, used } = await aggregate();
    for (let round = 0; round < 40; round += 1) expect((await askOf(url)).status).toBe(200);
    expect(used(one.secrets)).toBeGreaterThanOrEqual(9);
    expect(used(one.secrets)).toBeLessThanOrEqual(11);
    expect(used(one.secrets) + used(three.secrets)).toBe(40);
    const reply = await askOf(url);
    const row = await house.keymux.api.log(reply.requestId);
    expect(row.aggregate).toBe(name);
    expect([one.name, three.name]).toContain(row.group);
  });

  it('moves on to another member when one has no key', async () => {
    const { url, one, three, used } = await aggregate();
    for (const key of three.secrets) {
      house.simulator.script({ match: { key }, answer: fault('openai', 'quota') });
    }
    for (let round = 0; round < 20; round += 1) expect((await askOf(url)).status).toBe(200);
    house.simulator.forget();
    for (let round = 0; round < 10; round += 1) expect((await askOf(url)).status).toBe(200);
    expect([used(one.secrets), used(three.secrets)]).toEqual([10, 0]);
  });
});

describe('what a group changes in requests', () => {
  it('only what its rules say', async () => {
    const { url, name, secrets } = await addServing(house, {
      channel: 'openai',
      model_redirect_rules: { 'gpt-4': 'gpt-4o' },
      param_overrides: { temperature: 0.5, user: null, metadata: { team: 'a' } },
      header_rules: [
        { name: 'X-Team', action: 'set', value: '${group}-${model}' },
        { name: 'X-Secret-Of-Client', action: 'remove' },
      ],
    });
    const reply = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-secret-of-client': 'gone',
        authorization: `Bearer ${house.keymux.proxyKey}`,
      },
      body: '{"model":"gpt-4","user":"me","metadata":{"id":1},"messages":[]}',
    });
    expect(reply.status).toBe(200);
    const [hit] = house.simulator.hits;
    expect(JSON.parse(hit?.body.toString() ?? '')).toEqual({
      model: 'gpt-4o',
      temperature: 0.5,
      metadata: { id: 1, team: 'a' },
      messages: [],
    });
    expect(hit?.headers['x-team']).toBe(`${name}-gpt-4o`);
    expect(hit?.headers['x-secret-of-client']).toBeUndefined();
    const row = await house.keymux.api.log(reply.headers.get('x-request-id') ?? '');
    expect(row).toMatchObject({ model: 'gpt-4', model_sent: 'gpt-4o' });
    expect(secrets).toEqual(secretsFor(name, 1));
  });

  it('judges by its own error rules first', async () => {
    const { url, name, secrets } = await addServing(
      house,
      {
        channel: 'openai',
        error_rules: [
          { status: 404, contains: 'gpt-none', verdict: 'cooldown', seconds: 600 },
          { status: 401, verdict: 'pass' },
        ],
      },
      2,
    );
    house.simulator.script({ times: 1, answer: fault('openai', 'not-found') });
    expect((await askOf(url)).status).toBe(200);
    await expect
      .poll(async () => (await house.keymux.api.keys(name)).map((each) => each.status).toSorted())
      .toEqual(['active', 'cooling']);
    house.simulator.script({ times: 1, answer: fault('openai', 'invalid-key') });
    expect((await askOf(url)).status).toBe(401);
    expect(secrets).toHaveLength(2);
  });
});
