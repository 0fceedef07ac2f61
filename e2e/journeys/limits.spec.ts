import type { ChannelName } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ask, completionOf, credentialOf } from '../clients/ask.ts';
import { startLoad } from '../clients/load.ts';
import { addServing, useHouse } from '../product/house.ts';
import { useOfKeys } from '../product/use-watch.ts';

const house = useHouse({ env: { GATEWAY_WORKERS: '2' } });

const channels: ChannelName[] = ['openai', 'openai-response', 'gemini', 'anthropic'];

/** A group whose keys and gateways are warm, under limits from now on. */
async function limited(
  config: Readonly<Record<string, number>>,
  keys = 3,
  channel: ChannelName = 'openai',
) {
  const group = await addServing(house, { channel }, keys);
  await change(group.name, config);
  return group;
}

/** Changes limits, and waits until each gateway works by them. */
async function change(name: string, config: Readonly<Record<string, number>>): Promise<void> {
  await house.keymux.api.changeGroup(name, { config });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}

async function askMany(url: string, requests: number, clients = 12): Promise<number[]> {
  const { path, headers, body } = completionOf('openai');
  const load = startLoad({
    url: url + path,
    headers: { ...headers, ...credentialOf('openai', house.keymux.proxyKey) },
    body,
    clients,
    requests,
  });
  return (await load.stop()).map(({ status }) => status);
}

/** A request that the provider does not answer, until it is let go. */
function hanging(url: string) {
  const abort = new AbortController();
  const { proxyKey } = house.keymux;
  const ended = ask(url, 'openai', proxyKey, { signal: abort.signal }).then(
    ({ status }) => status,
    () => 'gone' as const,
  );
  return { ended, leave: () => abort.abort() };
}

const running = () => expect.poll(() => house.simulator.activeRequests(), { timeout: 20_000 });

describe('key_rpm_limit', () => {
  it('passes over a key that is at it, exactly, over all workers', async () => {
    const { url, secrets } = await limited({ key_rpm_limit: 40 });
    const startedAt = Date.now();
    const statuses = await askMany(url, 300);
    const tookMs = Date.now() - startedAt;
    const uses = useOfKeys(house.simulator.hits);
    expect([...uses.keys()].toSorted()).toEqual(secrets);
    for (const { total, mostAMinute } of uses.values()) {
      expect(mostAMinute).toBeLessThanOrEqual(42);
      expect(total).toBeGreaterThanOrEqual(40);
    }
    // Only on a machine that was away for a minute may there be more than one minute's worth.
    const answered = statuses.filter((status) => status === 200).length;
    expect(answered).toBeLessThanOrEqual(120 * Math.ceil((tookMs + 1) / 60_000));
    expect(answered).toBeGreaterThanOrEqual(120);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    // The provider never had to say 429, and no key is punished.
    const keys = await house.keymux.api.keys(url.split('/').at(-1) ?? '');
    expect(keys.map(({ status }) => status)).toEqual(['active', 'active', 'active']);
  });

  it('says when the first key can be used again, when none can', async () => {
    const { url } = await limited({ key_rpm_limit: 1 }, 1);
    const { proxyKey } = house.keymux;
    expect((await ask(url, 'openai', proxyKey)).status).toBe(200);
    const refused = await ask(url, 'openai', proxyKey);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('x-keymux-error')).toBe('no_key');
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it('is hot: a higher one, and none, works at once', async () => {
    const { url, name } = await limited({ key_rpm_limit: 5 }, 1);
    const tally = async () => (await askMany(url, 30)).filter((status) => status === 200).length;
    expect(await tally()).toBe(5);
    await change(name, { key_rpm_limit: 12 });
    expect(await tally()).toBe(7);
    await change(name, { key_rpm_limit: 0 });
    expect(await tally()).toBe(30);
  });

  it('holds for each member of an aggregate group', async () => {
    const small = await limited({ key_rpm_limit: 3 }, 2);
    const large = await limited({}, 1);
    const name = `all-${small.name}`;
    const members = [
      { group: small.name, weight: 5 },
      { group: large.name, weight: 1 },
    ];
    await house.keymux.api.addGroup({ name, type: 'aggregate', channel: 'openai', members });
    await expect
      .poll(() => ask(`${house.keymux.url}/proxy/${name}`, 'openai', 'x').then((r) => r.status))
      .toBe(401);
    house.simulator.forget();
    const statuses = await askMany(`${house.keymux.url}/proxy/${name}`, 60);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const uses = useOfKeys(house.simulator.hits);
    for (const secret of small.secrets) expect(uses.get(secret)?.mostAMinute).toBe(3);
  });
});

describe('key_concurrency_limit', () => {
  it('uses a key for no more requests at the same time, and lets the next one in when one ends', async () => {
    const { url, secrets } = await limited({ key_concurrency_limit: 2 }, 2);
    house.simulator.script({ answer: { kind: 'usual', beforeHeadersMs: 30 } });
    // As many clients as there is room; one that is refused asks again, until each has 25 answers.
    const client = async (): Promise<number[]> => {
      const statuses: number[] = [];
      while (statuses.filter((status) => status === 200).length < 25) {
        statuses.push((await ask(url, 'openai', house.keymux.proxyKey)).status);
      }
      return statuses;
    };
    const statuses = (await Promise.all([client(), client(), client(), client()])).flat();
    const uses = useOfKeys(house.simulator.hits);
    expect([...uses.keys()].toSorted()).toEqual(secrets);
    for (const { mostAtOnce } of uses.values()) expect(mostAtOnce).toBe(2);
    expect(statuses.filter((status) => status === 200)).toHaveLength(100);
    expect(new Set([200, 503, ...statuses])).toEqual(new Set([200, 503]));
  });

  it('refuses what finds no room, for a moment, and frees the place of a client that left', async () => {
    const { url } = await limited({ key_concurrency_limit: 1 }, 2);
    house.simulator.script({ times: 2, answer: { kind: 'hang' } });
    const held = [hanging(url), hanging(url)];
    await running().toBe(2);
    const refused = await ask(url, 'openai', house.keymux.proxyKey);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(refused.headers.get('x-keymux-error')).toBe('no_key');
    held[0]?.leave();
    await running().toBe(1);
    await expect
      .poll(() => ask(url, 'openai', house.keymux.proxyKey).then(({ status }) => status))
      .toBe(200);
    held[1]?.leave();
    await running().toBe(0);
  });

  it('counts a WebSocket as long as it is open', async () => {
    const { name, url } = await limited({ key_concurrency_limit: 1 }, 1);
    const open = () =>
      new WebSocket(`ws://127.0.0.1:${house.keymux.port}/proxy/${name}/v1/realtime?model=m`, {
        headers: { authorization: `Bearer ${house.keymux.proxyKey}` },
      });
    const first = open();
    await new Promise((resolve, reject) => first.once('open', resolve).once('error', reject));
    expect((await ask(url, 'openai', house.keymux.proxyKey)).status).toBe(503);
    const second = open();
    const status = await new Promise((resolve) => {
      second
        .once('unexpected-response', (_req, res) => resolve(res.statusCode))
        .on('error', () => undefined);
    });
    expect(status).toBe(503);
    first.terminate();
    await expect
      .poll(() => ask(url, 'openai', house.keymux.proxyKey).then((reply) => reply.status))
      .toBe(200);
  });

  it('frees the place before the same key is tried at another upstream', async () => {
    const { url, name } = await limited({ key_concurrency_limit: 1 }, 1);
    const upstreams = [
      { url: 'http://127.0.0.1:9', weight: 1 },
      { url: house.simulator.url, weight: 1 },
    ];
    await house.keymux.api.changeGroup(name, { upstreams });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const statuses = await askMany(url, 20, 1);
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
  });
});

describe('proxy_key_rpm_limit', () => {
  it('answers 429 in the shape of the channel, without asking the provider', async () => {
    for (const channel of channels) {
      const { url } = await limited({ proxy_key_rpm_limit: 2 }, 1, channel);
      const { proxyKey } = house.keymux;
      const statuses = [];
      for (let each = 0; each < 2; each += 1) {
        statuses.push((await ask(url, channel, proxyKey)).status);
      }
      expect(statuses).toEqual([200, 200]);
      const hits = house.simulator.hits.length;
      const refused = await ask(url, channel, proxyKey);
      expect(refused.status).toBe(429);
      expect(refused.headers.get('x-keymux-error')).toBe('proxy_key_rate_limited');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(refused.text).toContain('used up its requests of this minute');
      const error = (JSON.parse(refused.text) as { error: Record<string, unknown> }).error;
      expect(error).toMatchObject(
        channel === 'gemini'
          ? { code: 429, status: 'RESOURCE_EXHAUSTED' }
          : channel === 'anthropic'
            ? { type: 'rate_limit_error' }
            : { code: 'proxy_key_rate_limited' },
      );
      expect(house.simulator.hits.length).toBe(hits);
      const row = await house.keymux.api.log(refused.requestId);
      expect(row).toMatchObject({ status: 429, at_fault: 'client', attempts: [] });
    }
  });

  it('counts each proxy key of each group alone, over all workers', async () => {
    const own = ['pk-one-0123456789', 'pk-two-0123456789'];
    const { url, name } = await limited({ proxy_key_rpm_limit: 20 }, 3);
    const other = await limited({ proxy_key_rpm_limit: 20 }, 1);
    await house.keymux.api.changeGroup(name, { proxy_keys: own });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const answered = async (key: string, at: string) => {
      const all = await Promise.all(Array.from({ length: 60 }, () => ask(at, 'openai', key)));
      return all.filter(({ status }) => status === 200).length;
    };
    expect(await Promise.all(own.map((key) => answered(key, url)))).toEqual([20, 20]);
    expect(await answered(house.keymux.proxyKey, url)).toBe(20);
    expect(await answered(house.keymux.proxyKey, other.url)).toBe(20);
  });
});

describe('limits', () => {
  it('survive the worker that used the keys, and its places are free again within a lease', async () => {
    const { url } = await limited({ key_rpm_limit: 1_000, key_concurrency_limit: 1 }, 1);
    house.simulator.script({ times: 1, answer: { kind: 'hang' } });
    const held = hanging(url);
    await running().toBe(1);
    // The one that holds the place is among them.
    for (const pid of house.keymux.gatewayPids()) process.kill(pid, 'SIGKILL');
    expect(await held.ended).toBe('gone');
    await expect
      .poll(
        () =>
          ask(url, 'openai', house.keymux.proxyKey).then(
            (r) => r.status,
            () => 0,
          ),
        {
          timeout: 55_000,
          interval: 250,
        },
      )
      .toBe(200);
  });
});
