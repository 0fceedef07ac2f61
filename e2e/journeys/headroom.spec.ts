import { keymanagerOperations, type ChannelName } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { addServing, useHouse } from '../product/house.ts';
import { polled, watchKeys } from '../product/key-watch.ts';
import { type HeaderList, json } from '../provider-simulator/answer.ts';
import { fault } from '../provider-simulator/errors.ts';

const house = useHouse({ env: { GATEWAY_WORKERS: '2' } });
const { hitsOf, keyOf } = watchKeys(house);

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

/** How each provider tells that so many requests remain. */
const told: Readonly<Record<ChannelName, (limit: number, remaining: number) => HeaderList>> = {
  openai: openaiHeaders,
  'openai-response': openaiHeaders,
  // Its OpenAI-compatible relatives; Google's own answers have no such headers.
  gemini: openaiHeaders,
  anthropic: (limit, remaining) => [
    ['anthropic-ratelimit-requests-limit', String(limit)],
    ['anthropic-ratelimit-requests-remaining', String(remaining)],
    ['anthropic-ratelimit-requests-reset', inMs(600_000)],
  ],
};

function openaiHeaders(limit: number, remaining: number): HeaderList {
  return [
    ['x-ratelimit-limit-requests', String(limit)],
    ['x-ratelimit-remaining-requests', String(remaining)],
    ['x-ratelimit-reset-requests', '10m0s'],
  ];
}

/** Makes the provider answer 429 to a key after some requests, and tell what remains until then. */
function limit(channel: ChannelName, secret: string, requests: number): void {
  let left = requests;
  house.simulator.script({
    match: { key: secret, method: 'POST' },
    answer: () => {
      left -= 1;
      return left < 0
        ? fault(channel, 'rate-limit', 600)
        : json(200, { said: 'hi' }, told[channel](requests, left));
    },
  });
}

const headroomOf = async (group: string, secret: string) => {
  const { id } = await keyOf(group, secret);
  const key = await house.keymux.api.call(keymanagerOperations.getKey, { params: { id } });
  return key.headroom;
};

describe('what remains of keys', () => {
  it.each<ChannelName>(['openai', 'openai-response', 'gemini', 'anthropic'])(
    '%s: a key is passed over before it answers 429, while another has room',
    async (channel) => {
      const { name, url, secrets } = await addServing(house, { channel }, 2);
      const [scarce = '', ample = ''] = secrets;
      limit(channel, scarce, 4);
      for (let each = 0; each < 6; each += 1) await ask(url, channel, house.keymux.proxyKey);
      // One worker has told the other by then.
      await polled(() => headroomOf(name, scarce)).toMatchObject([
        { requests: { limit: 4, remaining: 4 - hitsOf(scarce), reset: expect.any(String) } },
      ]);
      const until = Date.now() + 30_000;
      while (hitsOf(scarce) < 4 && Date.now() < until) {
        await ask(url, channel, house.keymux.proxyKey);
      }
      await polled(() => headroomOf(name, scarce)).toMatchObject([{ requests: { remaining: 0 } }]);
      const before = hitsOf(ample);
      for (let each = 0; each < 20; each += 1) {
        expect((await ask(url, channel, house.keymux.proxyKey)).status).toBe(200);
      }
      expect([hitsOf(scarce), hitsOf(ample) - before]).toEqual([4, 20]);
      expect(await keyOf(name, scarce)).toMatchObject({ status: 'active', failures: 0 });
    },
  );

  it('is asked of a key that is nearly used up when no other is there', async () => {
    const { name, url, secrets } = await addServing(house, { channel: 'openai' }, 1);
    const [only = ''] = secrets;
    limit('openai', only, 2);
    for (let each = 0; each < 2; each += 1) {
      expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(200);
    }
    expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(429);
    await polled(() => keyOf(name, only)).toMatchObject({ status: 'cooling' });
  });

  it('is minded only where the group wants it', async () => {
    const config = { headroom: false };
    const { name, url, secrets } = await addServing(house, { channel: 'openai', config }, 2);
    const [scarce = ''] = secrets;
    limit('openai', scarce, 1);
    for (let each = 0; each < 12; each += 1) {
      expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(200);
    }
    await polled(() => keyOf(name, scarce)).toMatchObject({ status: 'cooling' });
    expect(await headroomOf(name, scarce)).toEqual([]);
  });
});
