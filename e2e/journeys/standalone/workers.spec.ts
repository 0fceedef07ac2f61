import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ask, completionOf, credentialOf } from '../../clients/ask.ts';
import { startLoad } from '../../clients/load.ts';
import { childrenOf } from '../../product/children.ts';
import { addServing, useHouse } from '../../product/house.ts';

const house = useHouse({ env: { GATEWAY_WORKERS: '2' } });

/** What Prometheus is told of all requests. */
async function requestsCounted(): Promise<number> {
  const text = await (await fetch(house.keymux.metricsUrl)).text();
  const counts = Array.from(text.matchAll(/^keymux_requests_total\{.*\} (\d+)$/gm), ([, count]) =>
    Number(count),
  );
  return counts.reduce((sum, each) => sum + each, 0);
}

describe('gateway workers', () => {
  it(
    'are processes of their own, and one that dies is replaced',
    { timeout: 120_000 },
    async () => {
      const { url, name } = await addServing(house, { channel: 'openai' }, 10);
      const { keymux } = house;
      expect(childrenOf(keymux.pid())).toHaveLength(2);
      const { path, headers, body } = completionOf('openai');
      const load = startLoad({
        url: url + path,
        headers: { ...headers, ...credentialOf('openai', keymux.proxyKey) },
        body,
        clients: 16,
      });
      await load.reached(300);
      const before = await requestsCounted();
      const [victim = 0, other = 0] = childrenOf(keymux.pid());
      process.kill(victim, 'SIGKILL');
      await expect
        .poll(() => childrenOf(keymux.pid()).filter((pid) => pid !== victim).length, {
          timeout: 30_000,
        })
        .toBe(2);
      expect(childrenOf(keymux.pid())).toContain(other);
      expect(await requestsCounted()).toBeGreaterThanOrEqual(before);
      await load.reached(load.results.length + 300);
      const results = await load.stop();
      // Only what the dead worker carried may be lost, and only as a broken connection.
      expect(results.filter((each) => each.failure === '' && each.status !== 200)).toEqual([]);
      expect(results.filter((each) => each.failure !== '').length).toBeLessThanOrEqual(32);
      const answered = results.filter((each) => each.failure === '').map((each) => each.requestId);
      await expect
        .poll(
          async () => {
            const ids = new Set(
              (await keymux.api.logs({ group: name })).map((row) => row.request_id),
            );
            return answered.filter((id) => !ids.has(id)).length;
          },
          { timeout: 60_000, interval: 500 },
        )
        .toBe(0);
    },
  );

  it('agree on the state of every key', async () => {
    const { url, secrets } = await addServing(house, { channel: 'openai' }, 4);
    await house.keymux.api.request('POST', `/api/groups/${url.split('/').at(-1)}/keys/actions`, {
      body: { action: 'disable', keys: secrets.slice(0, 2) },
    });
    await expect
      .poll(
        async () => {
          house.simulator.forget();
          await Promise.all(
            Array.from({ length: 24 }, () => ask(url, 'openai', house.keymux.proxyKey)),
          );
          return [...house.simulator.keyCounts.keys()].toSorted();
        },
        { timeout: 20_000 },
      )
      .toEqual(secrets.slice(2));
  });

  it('all end with the parent, even when it is killed alone', async () => {
    const { keymux } = house;
    const workers = childrenOf(keymux.pid());
    process.kill(keymux.pid(), 'SIGKILL');
    await keymux.exited();
    await expect
      .poll(() => workers.filter((pid) => childrenOf(1).includes(pid) || isAlive(pid)), {
        timeout: 20_000,
      })
      .toEqual([]);
    await keymux.start();
    expect((await fetch(`${keymux.url}/readyz`)).status).toBe(200);
  });
});

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
