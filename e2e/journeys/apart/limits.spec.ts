import { beforeAll, describe, expect, it } from 'vitest';
import { completionOf, credentialOf } from '../../clients/ask.ts';
import { startLoad } from '../../clients/load.ts';
import type { Child } from '../../product/distributed/child.ts';
import { useApart } from '../../product/distributed/use-apart.ts';
import { at, groupName, secretsFor } from '../../product/house.ts';
import { useOfKeys } from '../../product/use-watch.ts';

const house = useApart();
let gateways: readonly Child[];
beforeAll(async () => {
  const third = await house.apart.join('gateway-3', 'standalone', { IS_SLAVE: 'true' });
  gateways = [...house.apart.gateways, third];
});

/** Requests to each gateway in turn. */
function load(group: string, options: { readonly clients: number; readonly requests: number }) {
  const { path, headers, body } = completionOf('openai');
  return startLoad({
    url: gateways.map(({ url }) => `${url}/proxy/${group}${path}`),
    headers: { ...headers, ...credentialOf('openai', house.apart.proxyKey) },
    body,
    ...options,
  });
}

describe('three gateways, one of which joined with IS_SLAVE=true', () => {
  it('use each key as often a minute as its limit says, to 5 % or better', async () => {
    const name = groupName('limited');
    const secrets = secretsFor(name, 4);
    await house.apart.api.addGroup({
      name,
      channel: 'openai',
      upstreams: at(house.simulator),
      config: { key_rpm_limit: 100 },
    });
    await house.apart.api.importKeys(name, secrets);
    const { path } = completionOf('openai');
    for (const { url } of gateways) {
      const ask = () => fetch(`${url}/proxy/${name}${path}`, { method: 'POST' });
      // Known, and refused for want of a proxy key.
      await expect.poll(async () => (await ask()).status, { timeout: 60_000 }).toBe(401);
    }
    const results = await load(name, { clients: 24, requests: 1_200 }).stop();
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([200, 503]));
    const uses = useOfKeys(house.simulator.hits);
    expect([...uses.keys()].toSorted()).toEqual(secrets);
    for (const { total, mostAMinute } of uses.values()) {
      expect(total).toBeGreaterThanOrEqual(95);
      expect(mostAMinute).toBeLessThanOrEqual(105);
    }
  });
});
