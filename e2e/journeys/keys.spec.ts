import { keymanagerOperations, type ChannelName, type KeyView } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { ask, completionOf, credentialOf } from '../clients/ask.ts';
import { startLoad } from '../clients/load.ts';
import { addServing, useHouse } from '../product/house.ts';
import { polled, watchKeys } from '../product/key-watch.ts';
import { json, type HeaderList } from '../provider-simulator/answer.ts';
import { fault } from '../provider-simulator/errors.ts';

const house = useHouse();
const { hitsOf, keyOf, untilTried } = watchKeys(house);

const inSeconds = (count: number) => new Date(Date.now() + count * 1000).toISOString();
const limited = (headers: HeaderList, body: unknown = {}) => json(429, body, headers);

describe('how long a key rests', () => {
  /** Hint, its answer, the least and the most seconds from now. */
  const hints: [string, ChannelName, () => ReturnType<typeof limited>, number, number][] = [
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
    // Of two replicas one may hear the guard before the other has heard the failures.
    const spared = async () => {
      const histories = await Promise.all(
        (await house.keymux.api.keys(name)).map((key) =>
          house.keymux.api.call(keymanagerOperations.keyHistory, { params: { id: key.id } }),
        ),
      );
      return histories.filter(({ items }) =>
        items.some((event) => event.data['reason'] === 'guard' || event.type === 'KeyForgiven'),
      ).length;
    };
    await polled(spared).toBeGreaterThanOrEqual(4);
    await polled(async () =>
      (await house.keymux.api.keys(name)).filter((each) => each.status !== 'active'),
    ).toEqual([]);
  });
});

describe('a pool of which most keys are out', () => {
  it('keeps its last good keys when the address is banned', async () => {
    const { url, name, secrets } = await addServing(
      house,
      { channel: 'openai', config: { blacklist_threshold: 1 } },
      20,
    );
    const good = secrets.slice(17);
    const task = await house.keymux.api.call(keymanagerOperations.actOnKeys, {
      params: { name },
      body: { action: 'disable', keys: secrets.slice(0, 17) },
    });
    await house.keymux.api.taskEnd(task.id);
    await polled(async () => {
      house.simulator.forget();
      for (let round = 0; round < 6; round += 1) await ask(url, 'openai', house.keymux.proxyKey);
      return house.simulator.keyCounts.size;
    }).toBe(good.length);
    const stop = house.simulator.script({ answer: fault('openai', 'invalid-key') });
    for (let round = 0; round < 5; round += 1) await ask(url, 'openai', house.keymux.proxyKey);
    stop();
    await polled(async () => (await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(200);
    await polled(
      async () =>
        (await house.keymux.api.keys(name)).filter(({ status }) => status === 'active').length,
    ).toBe(good.length);
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
  });
});
