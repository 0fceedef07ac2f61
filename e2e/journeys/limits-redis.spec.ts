import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Part } from '@keymux/parts/part';
import { startRedis } from '@keymux/parts/redis';
import { completionOf, credentialOf } from '../clients/ask.ts';
import { startLoad } from '../clients/load.ts';
import { addServing, type House } from '../product/house.ts';
import { mode, startKeymux } from '../product/keymux.ts';
import { useOfKeys } from '../product/use-watch.ts';
import { startSimulator } from '../provider-simulator/simulator.ts';

let redis: Part;
let house: House;
/** Workers, or the gateways that services apart have; each has a connection of its own. */
const gateways = mode === 'standalone' ? 3 : 2;
/** What else has one: the parent, or config and two validators. */
const others = mode === 'standalone' ? 1 : 3;
const closings: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  redis = await startRedis({ user: 'keymux', password: 'pa55' });
  closings.push(() => redis.stop());
  const simulator = await startSimulator();
  closings.push(() => simulator.close());
  const keymux = await startKeymux({ env: { GATEWAY_WORKERS: '3', REDIS_DSN: redis.url } });
  closings.push(() => keymux.close());
  house = { keymux, simulator };
  const fronts = mode === 'standalone' ? 1 : gateways;
  await vi.waitUntil(() => keymux.gatewayUrls().length === fronts, { timeout: 30_000 });
});
afterAll(async () => {
  for (const close of closings.toReversed()) await close();
});

async function limited(config: Readonly<Record<string, number>>, keys: number) {
  const group = await addServing(house, { channel: 'openai' }, keys);
  await house.keymux.api.changeGroup(group.name, { config });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const urls = house.keymux.gatewayUrls().map((at) => `${at}/proxy/${group.name}`);
  return { ...group, urls };
}

function load(urls: readonly string[], clients: number, requests?: number) {
  const { path, headers, body } = completionOf('openai');
  return startLoad({
    url: urls.map((url) => url + path),
    headers: { ...headers, ...credentialOf('openai', house.keymux.proxyKey) },
    body,
    clients,
    ...(requests === undefined ? {} : { requests }),
  });
}

/** Gateways that count alone. */
async function alone(): Promise<number> {
  const text = await (await fetch(house.keymux.metricsUrl)).text();
  const lines = [...text.matchAll(/^keymux_shared_limits_local(?:\{[^}]*\})? (\d+)$/gm)];
  if (lines.length === 0) throw new Error('there is no such metric');
  return lines.reduce((sum, [, count]) => sum + Number(count), 0);
}
const untilAlone = (count: number) =>
  expect.poll(alone, { timeout: 30_000, interval: 100 }).toBe(count);

const warning = /counts limits on its own/g;
const back = /Redis answers: limits, leases and the login throttle are shared/g;
const lines = (pattern: RegExp): number => house.keymux.logs().match(pattern)?.length ?? 0;
/** Waits until each process has said it once more than `before`. */
const untilAllSaid = (pattern: RegExp, before: number) =>
  expect
    .poll(() => lines(pattern), { timeout: 30_000, interval: 100 })
    .toBeGreaterThanOrEqual(before + gateways + others);

describe('gateways that share a Redis server', () => {
  it('use each key as often a minute as its limit says, to 5 % or better', async () => {
    await untilAlone(0);
    const { urls, secrets } = await limited({ key_rpm_limit: 100 }, 4);
    const results = await load(urls, 24, 900).stop();
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([200, 503]));
    const uses = useOfKeys(house.simulator.hits);
    expect([...uses.keys()].toSorted()).toEqual(secrets);
    for (const { total, mostAMinute } of uses.values()) {
      expect(total).toBeGreaterThanOrEqual(95);
      expect(mostAMinute).toBeLessThanOrEqual(105);
    }
  });

  it('use a key for no more requests at the same time than its limit says', async () => {
    const { urls, secrets } = await limited({ key_concurrency_limit: 3 }, 2);
    const still = house.simulator.script({ answer: { kind: 'usual', beforeHeadersMs: 30 } });
    // One that is refused asks again: a quiet machine spends any fixed number on quick refusals.
    const running = load(urls, 8);
    await running.answered(100);
    await running.stop();
    still();
    const uses = useOfKeys(house.simulator.hits);
    for (const secret of secrets) expect(uses.get(secret)?.mostAtOnce).toBe(3);
    const others = running.results.filter(({ status }) => status !== 200);
    expect(others.filter(({ status }) => status !== 503)).toEqual([]);
  });

  it('answer every request while it is killed and while it hangs, and say that they count alone', async () => {
    // So high that no gateway alone reaches it: what fails would fail for Redis.
    const config = { key_rpm_limit: 1_000_000, key_concurrency_limit: 1_000 };
    const { urls } = await limited({ ...config, proxy_key_rpm_limit: 1_000_000 }, 3);
    const running = load(urls, 6);
    await running.reached(100);
    const [said, saidBack] = [lines(warning), lines(back)];
    await redis.kill('SIGKILL');
    await untilAlone(gateways);
    await untilAllSaid(warning, said);
    await running.reached(running.results.length + 200);
    await redis.restart();
    await untilAlone(0);
    await untilAllSaid(back, saidBack);
    await running.reached(running.results.length + 200);
    const saidBefore = lines(warning);
    await redis.kill('SIGSTOP');
    await untilAlone(gateways);
    await untilAllSaid(warning, saidBefore);
    await running.reached(running.results.length + 200);
    await redis.kill('SIGCONT');
    await untilAlone(0);
    await running.reached(running.results.length + 200);
    const results = await running.stop();
    expect(results.filter(({ status, failure }) => status !== 200 || failure !== '')).toEqual([]);
    expect(house.keymux.logs()).not.toContain('pa55');
  });

  it('keep each to its own window while it is away', async () => {
    const { urls } = await limited({ key_rpm_limit: 30 }, 1);
    await redis.kill('SIGKILL');
    await untilAlone(gateways);
    house.simulator.forget();
    await load(urls, 12, 400).stop();
    await redis.restart();
    await untilAlone(0);
    const [use] = useOfKeys(house.simulator.hits).values();
    expect(use?.total).toBeGreaterThanOrEqual(30);
    expect(use?.mostAMinute).toBeLessThanOrEqual(30 * gateways);
    // Back together: what each of them gave is not given again.
    const given = house.simulator.hits.length;
    if (given >= 30 * gateways) {
      await load(urls, 12, 100).stop();
      const [after] = useOfKeys(house.simulator.hits).values();
      expect(after?.mostAMinute).toBeLessThanOrEqual(30 * gateways);
    }
  });
});

describe('the start with REDIS_DSN', () => {
  it('ends with one line when it is no address of Redis', async () => {
    const dsn = 'http://user:hunter2@127.0.0.1';
    const keymux = await startKeymux({ env: { REDIS_DSN: dsn }, wait: false });
    try {
      expect((await keymux.exited()).code).toBe(1);
      expect(keymux.logs().trim()).toBe(
        'keymux: REDIS_DSN: must be an address such as redis://example.com',
      );
    } finally {
      await keymux.close();
    }
  });

  it('goes on with one line a process when nobody is there, and shares when somebody comes', async () => {
    await redis.kill('SIGKILL');
    const keymux = await startKeymux({ env: { REDIS_DSN: redis.url } });
    try {
      // One gateway and the parent, or all those of services apart.
      const processes = mode === 'standalone' ? 2 : gateways + others;
      const lines = (pattern: RegExp) => keymux.logs().match(pattern) ?? [];
      const unreached = () => lines(/WARN.*Redis cannot be reached.*/g);
      await expect.poll(() => unreached().length, { timeout: 30_000 }).toBe(processes);
      await redis.restart();
      await expect.poll(() => lines(/Redis answers/g).length, { timeout: 30_000 }).toBe(processes);
      expect(unreached()).toHaveLength(processes);
      expect(keymux.logs()).not.toContain('pa55');
    } finally {
      await keymux.close();
    }
  });
});
