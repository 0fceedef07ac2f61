import { keymanagerOperations } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { ask } from '../../clients/ask.ts';
import type { Child } from '../../product/distributed/child.ts';
import { useApart } from '../../product/distributed/use-apart.ts';
import { at, groupName, secretsFor } from '../../product/house.ts';
import { type HeaderList, json } from '../../provider-simulator/answer.ts';
import { fault } from '../../provider-simulator/errors.ts';

const house = useApart();
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 120_000, interval: 20 });

/** Adds a group that these gateways serve with every key, and forgets the hits of that. */
async function addServing(keys: number, gateways = house.apart.gateways) {
  const name = groupName('apart');
  const secrets = secretsFor(name, keys);
  await house.apart.api.addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
  await house.apart.api.importKeys(name, secrets);
  for (const each of gateways) await eventually(() => usableAt(each, name)).toBe(keys);
  house.simulator.forget();
  return { name, secrets };
}

/** How many keys of a group a gateway may use, by its metrics. */
async function usableAt({ metricsUrl }: Child, group: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const line = new RegExp(`^keymux_pool_usable_keys\\{.*group="${group}".*\\} (\\d+)$`, 'm');
  return Number(line.exec(text)?.[1] ?? Number.NaN);
}

const askAt = (gateway: Child, group: string) =>
  ask(`${gateway.url}/proxy/${group}`, 'openai', house.apart.proxyKey);

/** Asks a gateway for so many answers; the keys that they came from. */
async function usedBy(gateway: Child, group: string, requests: number): Promise<string[]> {
  house.simulator.forget();
  for (let each = 0; each < requests; each += 1) {
    expect((await askAt(gateway, group)).status).toBe(200);
  }
  return [...house.simulator.keyCounts.keys()].toSorted();
}

async function disable(group: string, secret: string): Promise<void> {
  const { id: task } = await house.apart.api.call(keymanagerOperations.actOnKeys, {
    params: { name: group },
    body: { action: 'disable', keys: [secret] },
  });
  expect(await house.apart.api.taskEnd(task)).toMatchObject({ state: 'done' });
}

function gatewayAt(index: number): Child {
  const found = house.apart.gateways[index];
  if (found === undefined) throw new Error(`there is no gateway ${index}`);
  return found;
}

/** That no request remains for longer than a test takes. */
const usedUp: HeaderList = [
  ['x-ratelimit-limit-requests', '500'],
  ['x-ratelimit-remaining-requests', '0'],
  ['x-ratelimit-reset-requests', '30m0s'],
];

describe('two gateways', () => {
  it('agree: a key that one gave up is out of rotation at the other, which never tried it', async () => {
    const [one, other] = [gatewayAt(0), gatewayAt(1)];
    const tookMs: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { name, secrets } = await addServing(4);
      const [dead = '', ...well] = secrets;
      house.simulator.script({ match: { key: dead }, answer: fault('openai', 'quota') });
      while (!house.simulator.keyCounts.has(dead))
        expect((await askAt(one, name)).status).toBe(200);
      const fromMs = performance.now();
      await eventually(() => usableAt(other, name)).toBe(3);
      tookMs.push(Math.round(performance.now() - fromMs));
      expect(house.simulator.keyCounts.get(dead)).toBe(1);
      expect(await usedBy(other, name, 12)).toEqual(well);
    }
    process.stdout.write(
      `a verdict was known to the other gateway after ${tookMs.join(', ')} ms\n`,
    );
  });

  it('warn each other: a key that one read to be nearly used up is passed over by the other, which read nothing', async () => {
    const [one, other] = [gatewayAt(0), gatewayAt(1)];
    const { name, secrets } = await addServing(3);
    const [scarce = '', ...ample] = secrets;
    let told = false;
    house.simulator.script({
      match: { key: scarce, method: 'POST' },
      answer: () => {
        // Once only: the other gateway could read it there itself.
        const headers = told ? [] : usedUp;
        told = true;
        return json(200, { said: 'hi' }, headers);
      },
    });
    while (!told) expect((await askAt(one, name)).status).toBe(200);
    await eventually(() => usedBy(other, name, 6)).toEqual(ample);
    expect(await usedBy(one, name, 6)).toEqual(ample);
  });
});

describe('a gateway that is added with IS_SLAVE=true', () => {
  it('serves with what the bus tells it, and what it answers is logged', async () => {
    const { name, secrets } = await addServing(3);
    const slave = await house.apart.join('gateway-3', 'standalone', { IS_SLAVE: 'true' });
    await eventually(() => usableAt(slave, name)).toBe(3);
    expect(await usedBy(slave, name, 6)).toEqual(secrets);
    const { status, requestId } = await askAt(slave, name);
    expect(status).toBe(200);
    expect(await house.apart.api.log(requestId)).toMatchObject({ group: name, status: 200 });
    await disable(name, secrets[0] ?? '');
    await eventually(() => usableAt(slave, name)).toBe(2);
    expect(await usedBy(slave, name, 6)).toEqual(secrets.slice(1));
    expect(await house.apart.leave(slave)).toBe(0);
  });
});

describe('a gateway that starts while config, keymanager and the bus are down', () => {
  it('serves with what it last knew, logs it later, and catches up', async () => {
    const gateway = gatewayAt(1);
    const { name, secrets } = await addServing(3);
    // What it keeps of the config is written a moment later.
    expect(await usedBy(gateway, name, 6)).toEqual(secrets);
    await gateway.kill('SIGTERM');
    const away = ['config-1', 'keymanager-1', 'keymanager-2'].map((each) =>
      house.apart.child(each),
    );
    await Promise.all(away.map((each) => each.kill('SIGKILL')));
    const { nats } = house.apart.servers;
    if (nats === null) throw new Error('this test needs a NATS of its own');
    await nats.kill('SIGKILL');
    gateway.restart();
    await gateway.ready();
    expect(await usedBy(gateway, name, 6)).toEqual(secrets);
    const { requestId } = await askAt(gateway, name);
    await nats.restart();
    for (const each of away) each.restart();
    await house.apart.ready();
    expect(await house.apart.api.log(requestId)).toMatchObject({ group: name, status: 200 });
    await disable(name, secrets[0] ?? '');
    await eventually(() => usableAt(gateway, name)).toBe(2);
    expect(await usedBy(gateway, name, 6)).toEqual(secrets.slice(1));
  });
});
