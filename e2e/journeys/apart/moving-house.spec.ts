import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { configOperations, keymanagerOperations } from '@keymux/contracts';
import { freePort } from '@keymux/parts/free-port';
import { startKeeper } from '@keymux/parts/keeper';
import { startMongoDb } from '@keymux/parts/mongodb';
import { expect, it, type TestContext } from 'vitest';
import { ask } from '../../clients/ask.ts';
import { type AdminClient, createAdminClient } from '../../product/admin-client.ts';
import { startChild } from '../../product/distributed/child.ts';
import { at, secretsFor } from '../../product/house.ts';
import { startKeymux } from '../../product/keymux.ts';
import { fault } from '../../provider-simulator/errors.ts';
import { type Simulator, startSimulator } from '../../provider-simulator/simulator.ts';

const mover = fileURLToPath(
  new URL('../../../services/standalone/src/move-house.ts', import.meta.url),
);
const own = {
  AUTH_KEY: 'admin-e2e-0123456789abcdef0123456789abcdef',
  ENCRYPTION_KEY: 'encryption-e2e-0123456789abcdef01234567',
  PROXY_KEYS: 'pk-e2e-global-0123456789abcdef',
};
const [group, groupKey] = ['moved', 'pk-of-the-group-0123456789'];
const secrets = secretsFor(group, 40);
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 120_000, interval: 50 });

/** Runs the command as a user does; what it says without the word for what it did. */
async function move(what: 'pack' | 'unpack', file: string, env: NodeJS.ProcessEnv) {
  const { stdout } = await promisify(execFile)(process.execPath, [mover, what, file], {
    env: { PATH: process.env['PATH'], ...own, ...env },
  });
  return stdout.trim().replace(/^(?:un)?packed /, '');
}

/** Everything of an installation that a person sees of its groups, keys and settings. */
async function furnitureOf(api: AdminClient) {
  const params = { name: group };
  // How much the provider has left, a gateway tells anew.
  const keys = (await api.keys(group)).map((key) => ({ ...key, headroom: undefined }));
  const histories = keys.map(async ({ id }) => {
    const { items } = await api.call(keymanagerOperations.keyHistory, { params: { id } });
    return items;
  });
  // The endpoint is where this was asked, and each of the three houses has an address of its own.
  const { endpoint, ...told } = await api.call(configOperations.getGroup, { params });
  expect(endpoint).toMatch(new RegExp(`/proxy/${group}$`));
  return {
    group: told,
    settings: await api.call(configOperations.getSettings),
    keys,
    histories: await Promise.all(histories),
    secrets: await api.call(keymanagerOperations.exportKeys, { params }),
  };
}

async function startStandalone(dataDir: string, { onTestFinished }: TestContext) {
  const keeper = startKeeper();
  onTestFinished(() => keeper.close());
  const port = await freePort();
  const child = startChild({
    name: 'standalone',
    service: 'standalone',
    port,
    metricsPort: await freePort(),
    dataDir,
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(port),
      GATEWAY_WORKERS: '1',
      REQUEST_LOG_WRITE_INTERVAL_MINUTES: '0',
      ...own,
    },
    keeper,
  });
  await child.ready();
  return { child, url: child.url, api: createAdminClient(child.url, own.AUTH_KEY) };
}

const answers = (url: string) => ask(`${url}/proxy/${group}`, 'openai', groupKey);

/** What requests did is counted a moment later. */
async function untilCounted(api: AdminClient, requests: number): Promise<void> {
  await eventually(async () => {
    const keys = await api.keys(group);
    return keys.reduce((sum, key) => sum + key.requests, 0);
  }).toBe(requests);
}

/** A group with a key of its own, keys with notes and a past, and counts of what requests did. */
async function furnish(api: AdminClient, url: string, simulator: Simulator): Promise<void> {
  await api.changeSettings({ max_retries: 4 });
  await api.addGroup({
    name: group,
    channel: 'openai',
    upstreams: at(simulator),
    proxy_keys: [groupKey],
    config: { blacklist_threshold: 2 },
  });
  await api.importKeys(group, secrets);
  const [noted, ...others] = await api.keys(group);
  await api.request('PATCH', `/api/keys/${noted?.id}`, { body: { note: 'mine', enabled: false } });
  await api.request('DELETE', `/api/keys/${others.at(-1)?.id}`);
  simulator.script({ match: { key: secrets[3] ?? '' }, answer: fault('openai', 'invalid-key') });
  await eventually(async () => {
    expect((await answers(url)).status).toBe(200);
    return (await api.keys(group, { status: 'blacklisted' })).length;
  }).toBe(1);
}

it('takes a house from one place into services apart and back, with all that ever happened', async (test) => {
  const { onTestFinished } = test;
  const folder = mkdtempSync(join(tmpdir(), 'keymux-moving-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const simulator = await startSimulator();
  onTestFinished(() => simulator.close());
  const [first, last] = [join(folder, 'first'), join(folder, 'last')];
  const [there, back] = [join(folder, 'there.ndjson'), join(folder, 'back.ndjson')];

  const old = await startStandalone(first, test);
  await furnish(old.api, old.url, simulator);
  const asked = simulator.hits.length;
  await untilCounted(old.api, asked);
  const before = await furnitureOf(old.api);
  await old.child.kill('SIGTERM');
  const packed = await move('pack', there, { DATA_DIR: first });
  expect(packed).toMatch(
    /^\d+ events, 1 pools, 39 keys, \d+ batches of outcomes \([0-9a-f]{16}\)$/,
  );
  const file = readFileSync(there, 'utf8');
  for (const secret of [...secrets, groupKey]) expect(file).not.toContain(secret);

  const { part } = await startMongoDb({ durable: true });
  onTestFinished(() => part.stop());
  const apart = { MONGODB_URL: part.url, DATA_DIR: join(folder, 'apart') };
  expect(await move('unpack', there, apart)).toBe(packed);
  const house = await startKeymux({ env: { ...own, MONGODB_URL: part.url } });
  onTestFinished(() => house.close());
  expect(await furnitureOf(house.api)).toEqual(before);
  simulator.forget();
  await eventually(async () => {
    expect((await answers(house.url)).status).toBe(200);
    return simulator.keyCounts.size;
  }).toBe(secrets.length - 3);
  expect(
    await house.api.importKeys(group, [secrets[5] ?? '', 'sk-moved-later-0001']),
  ).toMatchObject({
    result: { added: 1, duplicates: 1 },
  });
  await untilCounted(house.api, asked + simulator.hits.length);
  const lived = await furnitureOf(house.api);
  await house.stop();
  const repacked = await move('pack', back, apart);
  expect(repacked).toContain(' 40 keys, ');

  expect(await move('unpack', back, { DATA_DIR: last })).toBe(repacked);
  const home = await startStandalone(last, test);
  expect(await furnitureOf(home.api)).toEqual(lived);
  await eventually(async () => (await answers(home.url)).status).toBe(200);
  await home.child.kill('SIGTERM');
});
