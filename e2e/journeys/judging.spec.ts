import { keymanagerOperations, type ChannelName } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { addServing, useHouse } from '../product/house.ts';
import { polled, watchKeys } from '../product/key-watch.ts';
import { fault, type Fault } from '../provider-simulator/errors.ts';

const house = useHouse();
const { hitsOf, keyOf, untilTried } = watchKeys(house);

/** Two keys, of which the first fails in a way; the group as it is after some requests. */
async function twoKeys(channel: ChannelName, what: Fault, resetSeconds?: number) {
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

const counted: [ChannelName, Fault][] = [
  ['openai', 'invalid-key'],
  ['openai-response', 'invalid-key'],
  ['gemini', 'invalid-key'],
  ['anthropic', 'invalid-key'],
];
const blacklistedAtOnce: [ChannelName, Fault][] = [
  ['openai', 'quota'],
  ['openai', 'billing'],
  ['openai-response', 'quota'],
  ['gemini', 'key-forbidden'],
  ['gemini', 'billing'],
  ['anthropic', 'billing'],
];
const cooled: [ChannelName, Fault][] = [
  ['openai', 'rate-limit'],
  ['openai-response', 'rate-limit'],
  ['gemini', 'rate-limit'],
  ['anthropic', 'rate-limit'],
  ['openai', 'region'],
  ['anthropic', 'region'],
];
const forgiven: [ChannelName, Fault][] = [
  ['openai', 'server-error'],
  ['openai-response', 'server-error'],
  ['gemini', 'server-error'],
  ['anthropic', 'server-error'],
  ['openai', 'overloaded'],
  ['gemini', 'overloaded'],
  ['anthropic', 'overloaded'],
];
const passed: [ChannelName, Fault, number][] = [
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

  it('a limit rests the key for the model that a form names', async () => {
    const { name, url, secrets } = await addServing(house, { channel: 'openai' }, 1);
    const [key = ''] = secrets;
    house.simulator.script({ match: { path: '/audio/' }, answer: fault('openai', 'rate-limit') });
    const form = new FormData();
    form.append('file', new File(['sound'], 'talk.wav'));
    form.append('model', 'whisper-1');
    const reply = await fetch(`${url}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${house.keymux.proxyKey}` },
      body: form,
    });
    expect(reply.status).toBe(429);
    await polled(() => keyOf(name, key)).toMatchObject({
      status: 'cooling',
      cooldowns: [{ model: 'whisper-1' }],
    });
    expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(200);
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
