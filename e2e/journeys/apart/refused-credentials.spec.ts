import { describe, expect, it } from 'vitest';
import { ask } from '../../clients/ask.ts';
import type { Child } from '../../product/distributed/child.ts';
import { useApart } from '../../product/distributed/use-apart.ts';
import { at, groupName, secretsFor } from '../../product/house.ts';

const house = useApart();
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 120_000, interval: 20 });
const controlNames = [
  'config-1',
  'keymanager-1',
  'keymanager-2',
  'logsink-1',
  'validator-1',
  'validator-2',
];

/** What a process says of its bus: `1`, or `0` while it has none. */
async function busUpAt({ metricsUrl }: Child): Promise<string | undefined> {
  const text = await (await fetch(metricsUrl)).text();
  return /^keymux_bus_up\{.*bus="nats".*\} (\d)$/m.exec(text)?.[1];
}

async function readinessOf({ url }: Child): Promise<unknown> {
  return (await fetch(`${url}/readyz`)).json();
}

describe('services whose credentials NATS refuses while they run', () => {
  it('serve as gateways, say what is wrong, and are back when the server takes them again', async () => {
    const { apart, simulator } = house;
    const { nats } = apart.servers;
    if (nats === null) throw new Error('this test needs a NATS of its own');
    const control = controlNames.map((name) => apart.child(name));
    const everyone = [...control, ...apart.gateways];
    const name = groupName('refused');
    const secrets = secretsFor(name, 3);
    await apart.api.addGroup({ name, channel: 'openai', upstreams: at(simulator) });
    await apart.api.importKeys(name, secrets);
    const answers = () =>
      Promise.all(
        apart.gateways.map(({ url }) => ask(`${url}/proxy/${name}`, 'openai', apart.proxyKey)),
      );
    const statuses = async () => (await answers()).map(({ status }) => status);
    await eventually(statuses).toEqual([200, 200]);

    await nats.configure('authorization { user: keymux, password: of-somebody-else }');
    for (const each of everyone) await eventually(() => busUpAt(each)).toBe('0');
    for (const each of control) {
      await eventually(() => readinessOf(each)).toMatchObject({
        status: 'not ready',
        reasons: { bus: 'NATS refuses the credentials' },
      });
    }
    for (const each of apart.gateways) {
      expect(await readinessOf(each)).toMatchObject({ status: 'ready' });
    }
    const refusals =
      /WARN .*NATS at \S+: the server refuses the credentials; trying again in \d+ ms/g;
    await eventually(() => apart.logs().match(refusals)?.length ?? 0).toBeGreaterThan(
      2 * everyone.length,
    );
    const asked = await answers();
    expect(asked.map(({ status }) => status)).toEqual([200, 200]);
    expect(everyone.filter(({ isRunning }) => !isRunning)).toEqual([]);

    await nats.configure('');
    await apart.ready();
    for (const each of everyone) await eventually(() => busUpAt(each)).toBe('1');
    for (const { requestId } of asked) {
      expect(await apart.api.log(requestId)).toMatchObject({ group: name, status: 200 });
    }
    expect(apart.logs()).not.toMatch(/\bERROR\b/);
  });
});
