import type { ChannelName, KeyView } from '@keymux/contracts';
import { keymanagerOperations } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { ask, completionOf, credentialOf } from '../clients/ask.ts';
import { startLoad } from '../clients/load.ts';
import { addServing, groupName, useHouse } from '../product/house.ts';
import { json, type HeaderList } from '../provider-simulator/answer.ts';
import { fault, type Fault } from '../provider-simulator/errors.ts';

const house = useHouse();
type Format = ChannelName;

/** Two keys, of which the first fails in a way; the group as it is after some requests. */
async function twoKeys(channel: Format, what: Fault, resetSeconds?: number) {
  const group = await addServing(house, { channel }, 2);
  const [bad = '', good = ''] = group.secrets;
  const stop = house.simulator.script({
    match: { key: bad },
    answer: fault(channel, what, resetSeconds),
  });
  const askOnce = (model?: string) =>
    ask(group.url, channel, house.keymux.proxyKey, model === undefined ? {} : { model });
  return { ...group, bad, good, stop, askOnce };
}
const hitsOf = (secret: string) => house.simulator.keyCounts.get(secret) ?? 0;

/** Asks until a key was tried so often; every answer must be 200. */
async function untilTried(
  askOnce: () => Promise<{ status: number; text: string }>,
  secret: string,
  times: number,
): Promise<void> {
  for (let round = 0; hitsOf(secret) < times && round < 50; round += 1) {
    const reply = await askOnce();
    expect(reply.status, reply.text).toBe(200);
  }
  expect(hitsOf(secret)).toBeGreaterThanOrEqual(times);
}

const keyOf = (group: string, secret: string) => house.keymux.api.key(group, secret);
const polled = (read: () => Promise<unknown>) => expect.poll(read, { timeout: 20_000 });

const counted: [Format, Fault][] = [
  ['openai', 'invalid-key'],
  ['openai-response', 'invalid-key'],
  ['gemini', 'invalid-key'],
  ['anthropic', 'invalid-key'],
];
const blacklistedAtOnce: [Format, Fault][] = [
  ['openai', 'quota'],
  ['openai', 'billing'],
  ['openai-response', 'quota'],
  ['gemini', 'key-forbidden'],
  ['gemini', 'billing'],
  ['anthropic', 'billing'],
];
const cooled: [Format, Fault][] = [
  ['openai', 'rate-limit'],
  ['openai-response', 'rate-limit'],
  ['gemini', 'rate-limit'],
  ['anthropic', 'rate-limit'],
  ['openai', 'region'],
  ['anthropic', 'region'],
];
const forgiven: [Format, Fault][] = [
  ['openai', 'server-error'],
  ['openai-response', 'server-error'],
  ['gemini', 'server-error'],
  ['anthropic', 'server-error'],
  ['openai', 'overloaded'],
  ['gemini', 'overloaded'],
  ['anthropic', 'overloaded'],
];
const passed: [Format, Fault, number][] = [
  ['openai', 'bad-request', 400],
  ['openai', 'not-found', 404],
  ['openai-response', 'bad-request', 400],
  ['gemini', 'bad-request', 400],
  ['gemini', 'not-found', 404],
  ['gemini', 'region', 400],
  ['anthropic', 'bad-request', 400],
  ['anthropic', 'not-found', 404],
];

describe('how an answer is judged', () => {
  it.each(counted)('%s: %s counts, and three in a row blacklist', async (channel, what) => {
    const { name, bad, good, askOnce } = await twoKeys(channel, what);
    await untilTried(askOnce, bad, 1);
    await polled(() => keyOf(name, bad)).toMatchObject({ status: 'active', streak: 1 });
    await untilTried(askOnce, bad, 3);
    await polled(() => keyOf(name, bad)).toMatchObject({ status: 'blacklisted' });
    expect((await keyOf(name, bad)).why).not.toBe('');
    house.simulator.forget();
    for (let round = 0; round < 5; round += 1) expect((await askOnce()).status).toBe(200);
    expect([hitsOf(bad), hitsOf(good)]).toEqual([0, 5]);
    expect(await keyOf(name, good)).toMatchObject({ status: 'active', streak: 0 });
  });

  it.each(blacklistedAtOnce)('%s: %s blacklists at once', async (channel, what) => {
    const { name, bad, askOnce } = await twoKeys(channel, what);
    await untilTried(askOnce, bad, 1);
    await polled(() => keyOf(name, bad)).toMatchObject({ status: 'blacklisted' });
  });

  it.each(cooled)('%s: %s rests the key for the model alone', async (channel, what) => {
    const { name, bad, askOnce } = await twoKeys(channel, what, 300);
    await untilTried(() => askOnce('model-one'), bad, 1);
    await polled(() => keyOf(name, bad)).toMatchObject({
      status: 'cooling',
      cooldowns: [{ model: 'model-one' }],
    });
    house.simulator.forget();
    for (let round = 0; round < 4; round += 1) await askOnce('model-one');
    expect(hitsOf(bad)).toBe(0);
    await untilTried(() => askOnce('model-two'), bad, 1);
  });

  it.each(forgiven)('%s: %s does not harm the key', async (channel, what) => {
    const { name, bad, askOnce } = await twoKeys(channel, what);
    await untilTried(askOnce, bad, 1);
    const reply = await askOnce();
    const row = await house.keymux.api.log(reply.requestId);
    expect(row.status).toBe(200);
    expect(await keyOf(name, bad)).toMatchObject({ status: 'active', streak: 0, cooldowns: [] });
  });

  it.each(passed)('%s: %s is the client’s: %i, no other key', async (channel, what, status) => {
    const { name, secrets, url } = await addServing(house, { channel }, 2);
    house.simulator.script({ answer: fault(channel, what) });
    const reply = await ask(url, channel, house.keymux.proxyKey);
    expect(reply.status).toBe(status);
    expect(house.simulator.hits).toHaveLength(1);
    expect((await house.keymux.api.log(reply.requestId)).at_fault).toBe('client');
    for (const secret of secrets) {
      expect(await keyOf(name, secret)).toMatchObject({ status: 'active', streak: 0 });
    }
  });

  it('counts consecutive failures only: a success starts anew', async () => {
    const { name, bad, stop, askOnce } = await twoKeys('openai', 'invalid-key');
    await untilTried(askOnce, bad, 2);
    await polled(() => keyOf(name, bad)).toMatchObject({ streak: 2 });
    stop();
    await untilTried(askOnce, bad, 3);
    await polled(() => keyOf(name, bad)).toMatchObject({ streak: 0, status: 'active' });
    const again = house.simulator.script({
      match: { key: bad },
      answer: fault('openai', 'invalid-key'),
    });
    await untilTried(askOnce, bad, 5);
    again();
    await polled(() => keyOf(name, bad)).toMatchObject({ streak: 2, status: 'active' });
    const history = await house.keymux.api.call(keymanagerOperations.keyHistory, {
      params: { id: (await keyOf(name, bad)).id },
    });
    expect(history.items.map((each) => each.type).toReversed()).toEqual([
      'KeyImported',
      'KeyFailed',
      'KeyFailed',
      'KeyRecovered',
      'KeyFailed',
      'KeyFailed',
    ]);
    expect(history.items[0]).toMatchObject({
      request_id: expect.any(String),
      data: { status: 401, rule: expect.any(String) },
    });
  });

  it('never blacklists with a threshold of 0, and follows the group’s own', async () => {
    const never = await addServing(
      house,
      { channel: 'openai', config: { blacklist_threshold: 0 } },
      2,
    );
    const once = await addServing(
      house,
      { channel: 'openai', config: { blacklist_threshold: 1 } },
      2,
    );
    for (const { url, name, secrets } of [never, once]) {
      const bad = secrets[0] ?? '';
      house.simulator.script({ match: { key: bad }, answer: fault('openai', 'invalid-key') });
      const askOnce = () => ask(url, 'openai', house.keymux.proxyKey);
      await untilTried(askOnce, bad, name === never.name ? 5 : 1);
    }
    await polled(() => keyOf(once.name, once.secrets[0] ?? '')).toMatchObject({
      status: 'blacklisted',
    });
    await polled(() => keyOf(never.name, never.secrets[0] ?? '')).toMatchObject({
      status: 'active',
    });
  });
});

const inSeconds = (count: number) => new Date(Date.now() + count * 1000).toISOString();
const limited = (headers: HeaderList, body: unknown = {}) => json(429, body, headers);

describe('how long a key rests', () => {
  /** Hint, its answer, the least and the most seconds from now. */
  const hints: [string, Format, () => ReturnType<typeof limited>, number, number][] = [
    ['retry-after in seconds', 'openai', () => limited([['Retry-After', '90']]), 90, 90],
    ['retry-after-ms', 'openai', () => limited([['retry-after-ms', '91500']]), 91.5, 91.5],
    [
      'retry-after as a date',
      'openai',
      () => limited([['retry-after', new Date(Date.now() + 200_000).toUTCString()]]),
      198,
      200,
    ],
    [
      'x-ratelimit-reset-*, the latest',
      'openai',
      () =>
        limited([
          ['retry-after', '1'],
          ['x-ratelimit-reset-requests', '1m35s'],
          ['x-ratelimit-reset-tokens', '2m1s'],
        ]),
      121,
      121,
    ],
    [
      'anthropic-ratelimit-*-reset',
      'anthropic',
      () =>
        limited([
          ['anthropic-ratelimit-requests-remaining', '0'],
          ['anthropic-ratelimit-requests-reset', inSeconds(150)],
        ]),
      150,
      150,
    ],
    ['RetryInfo of Gemini', 'gemini', () => fault('gemini', 'rate-limit', 77), 77, 77],
    [
      'a daily limit',
      'openai',
      () => limited([['x-ratelimit-reset-requests', '11h59m0s']]),
      43_140,
      43_140,
    ],
    ['no hint at all', 'openai', () => fault('openai', 'rate-limit-no-hint'), 45, 90],
  ];
  it.each(hints)('follows %s', async (_, channel, answer, least, most) => {
    const { name, url, secrets } = await addServing(house, { channel }, 2);
    const bad = secrets[0] ?? '';
    house.simulator.script({ match: { key: bad }, answer: () => answer() });
    const before = Date.now();
    await untilTried(() => ask(url, channel, house.keymux.proxyKey), bad, 1);
    const after = Date.now();
    await polled(() => keyOf(name, bad)).toMatchObject({ status: 'cooling' });
    const until = Date.parse((await keyOf(name, bad)).cooldowns[0]?.until ?? '');
    expect(until).toBeGreaterThanOrEqual(before + least * 1000 - 1000);
    expect(until).toBeLessThanOrEqual(after + most * 1000 + 1000);
  });

  it('tells the client when the first key is back, once all rest', async () => {
    const { url, secrets } = await addServing(house, { channel: 'openai' }, 2);
    const [first = '', second = ''] = secrets;
    house.simulator.script({ match: { key: first }, answer: limited([['retry-after', '500']]) });
    house.simulator.script({ match: { key: second }, answer: limited([['retry-after', '300']]) });
    expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(429);
    const refused = await ask(url, 'openai', house.keymux.proxyKey);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('x-keymux-error')).toBe('no_key');
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeLessThanOrEqual(300);
    expect(seconds).toBeGreaterThan(150);
  });

  it('is over when it is over', async () => {
    const { url, name, secrets } = await addServing(house, { channel: 'openai' });
    house.simulator.script({ times: 1, answer: limited([['retry-after', '1']]) });
    expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(429);
    await polled(async () => (await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(200);
    await polled(() => keyOf(name, secrets[0] ?? '')).toMatchObject({ status: 'active' });
  });
});

describe('which key is used', () => {
  it('uses each key equally often in one worker', async () => {
    const keys = 7;
    const { url, secrets } = await addServing(house, { channel: 'openai' }, keys);
    const { path, headers, body } = completionOf('openai');
    const load = startLoad({
      url: url + path,
      headers: { ...headers, ...credentialOf('openai', house.keymux.proxyKey) },
      body,
      clients: 10,
      requests: keys * 100,
    });
    const results = await load.stop();
    expect(results.filter((each) => each.status !== 200)).toEqual([]);
    for (const secret of secrets) {
      expect(hitsOf(secret)).toBeGreaterThanOrEqual(99);
      expect(hitsOf(secret)).toBeLessThanOrEqual(101);
    }
  });

  it('tries no key twice in one request', async () => {
    const { url } = await addServing(house, { channel: 'openai', config: { max_retries: 20 } }, 4);
    house.simulator.script({ answer: fault('openai', 'rate-limit', 300) });
    expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(429);
    const used = house.simulator.hits.map((each) => each.key);
    expect(used).toHaveLength(4);
    expect(new Set(used).size).toBe(4);
  });

  it('blames the address, not the pool, when many keys fail alike', async () => {
    const { url, name } = await addServing(
      house,
      { channel: 'openai', config: { blacklist_threshold: 1 } },
      20,
    );
    const stop = house.simulator.script({ answer: fault('openai', 'invalid-key') });
    for (let round = 0; round < 10; round += 1) {
      const { status } = await ask(url, 'openai', house.keymux.proxyKey);
      expect([401, 502, 503]).toContain(status);
    }
    stop();
    await polled(async () => (await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(200);
    await polled(async () =>
      (await house.keymux.api.keys(name)).filter((each) => each.status !== 'active'),
    ).toEqual([]);
    const histories = await Promise.all(
      (await house.keymux.api.keys(name)).map((key) =>
        house.keymux.api.call(keymanagerOperations.keyHistory, { params: { id: key.id } }),
      ),
    );
    const restored = histories.flatMap((each) =>
      each.items.filter((event) => event.type === 'KeyRestored'),
    );
    expect(restored.map((event) => event.data['reason'])).toContain('guard');
  });
});

describe('the way back', () => {
  const blacklisted = async (config: Record<string, number> = {}) => {
    const group = await addServing(
      house,
      { channel: 'openai', config: { blacklist_threshold: 1, ...config } },
      2,
    );
    const bad = group.secrets[0] ?? '';
    const stop = house.simulator.script({
      match: { key: bad },
      answer: fault('openai', 'invalid-key'),
    });
    await untilTried(() => ask(group.url, 'openai', house.keymux.proxyKey), bad, 1);
    await polled(() => keyOf(group.name, bad)).toMatchObject({ status: 'blacklisted' });
    return { ...group, bad, stop, key: await keyOf(group.name, bad) };
  };
  const validate = (key: KeyView, apply: boolean) =>
    house.keymux.api.call(keymanagerOperations.validateKey, {
      params: { id: key.id },
      query: { apply },
    });

  it('a probe by hand reports, and restores only when asked to', async () => {
    const { name, bad, stop, key } = await blacklisted();
    expect(await validate(key, true)).toMatchObject({ ok: false, status: 401 });
    expect(await keyOf(name, bad)).toMatchObject({ status: 'blacklisted' });
    stop();
    expect(await validate(key, false)).toMatchObject({ ok: true, status: 200 });
    expect(await keyOf(name, bad)).toMatchObject({ status: 'blacklisted' });
    expect(await validate(key, true)).toMatchObject({ ok: true });
    await polled(() => keyOf(name, bad)).toMatchObject({ status: 'active', streak: 0 });
  });

  it('a probe is a smallest request with the group’s rules', async () => {
    const { name, stop, key } = await blacklisted();
    stop();
    await house.keymux.api.changeGroup(name, {
      test_model: 'probe-model',
      header_rules: [{ name: 'X-Probe', action: 'set', value: 'yes' }],
    });
    house.simulator.forget();
    expect(await validate(key, false)).toMatchObject({ ok: true });
    const [hit] = house.simulator.hits;
    expect(hit).toMatchObject({ method: 'POST', url: '/v1/chat/completions' });
    expect(JSON.parse(hit?.body.toString() ?? '')).toMatchObject({
      model: 'probe-model',
      max_tokens: 1,
    });
    expect(hit?.headers['x-probe']).toBe('yes');
  });

  it('a person restores, disables and enables keys in bulk', async () => {
    const { name, bad, stop, url } = await blacklisted();
    stop();
    const act = async (body: unknown) => {
      const task = await house.keymux.api.call(keymanagerOperations.actOnKeys, {
        params: { name },
        body,
      });
      expect((await house.keymux.api.taskEnd(task.id)).state).toBe('done');
    };
    await act({ action: 'restore', status: 'blacklisted' });
    expect(await keyOf(name, bad)).toMatchObject({ status: 'active' });
    await untilTried(() => ask(url, 'openai', house.keymux.proxyKey), bad, 2);
    await act({ action: 'disable', keys: [bad] });
    expect(await keyOf(name, bad)).toMatchObject({ status: 'disabled' });
    await polled(async () => {
      house.simulator.forget();
      for (let round = 0; round < 4; round += 1) await ask(url, 'openai', house.keymux.proxyKey);
      return hitsOf(bad);
    }).toBe(0);
    await act({ action: 'enable', status: 'disabled' });
    await untilTried(() => ask(url, 'openai', house.keymux.proxyKey), bad, 1);
    await act({ action: 'delete', keys: [bad] });
    expect(await house.keymux.api.keys(name)).toHaveLength(1);
  });

  it('a probe on the schedule brings a key back', { timeout: 150_000 }, async () => {
    const { name, bad, stop } = await blacklisted({ key_validation_interval_minutes: 1 });
    stop();
    await expect
      .poll(async () => (await keyOf(name, bad)).status, { timeout: 140_000, interval: 500 })
      .toBe('active');
    expect(groupName()).not.toBe(name);
  });
});
