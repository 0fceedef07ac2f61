import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { helm, helmPatienceMs } from '@keymux/parts/helm';
import { type Keeper, startKeeper } from '@keymux/parts/keeper';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { createAdminClient } from '../product/admin-client.ts';
import type { Child } from '../product/distributed/child.ts';
import { startServers } from '../product/distributed/servers.ts';
import { stopServices } from '../product/distributed/services.ts';
import { at, secretsFor } from '../product/house.ts';
import { type Simulator, startSimulator } from '../provider-simulator/simulator.ts';
import { clearTexts } from './houses.ts';
import { type Pods, startPods } from './pods.ts';
import { objectsOf } from './render.ts';

const patienceMs = 240_000;
let folder = '';
let output = '';
let keeper: Keeper;
let simulator: Simulator;
let children: Child[] = [];

beforeAll(async () => {
  await helm();
  simulator = await startSimulator();
}, helmPatienceMs);
afterAll(() => simulator.close());
beforeEach(({ onTestFailed }) => {
  folder = mkdtempSync(join(tmpdir(), 'keymux-chart-'));
  keeper = startKeeper();
  children = [];
  output = '';
  onTestFailed(() => {
    process.stderr.write(`--- the pods' logs, last part\n${output.slice(-8000)}\n---\n`);
  });
});
afterEach(async () => {
  await stopServices(children);
  await keeper.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(values: object): Promise<Pods> {
  const { objects } = await objectsOf(values);
  return startPods({
    objects,
    folder,
    keeper,
    hear: (text) => {
      output += text;
    },
    started: (child) => children.push(child),
  });
}

const keys = {
  authKey: clearTexts.AUTH_KEY,
  encryptionKey: clearTexts.ENCRYPTION_KEY,
  proxyKeys: clearTexts.PROXY_KEYS,
};
const env = { REQUEST_LOG_WRITE_INTERVAL_MINUTES: 0 };

/** Adds a group through a pod and has requests answered with each of its keys. */
async function serveAt({ url }: Child, name: string): Promise<readonly string[]> {
  const api = createAdminClient(url, keys.authKey);
  const secrets = secretsFor(name, 3);
  await api.addGroup({ name, channel: 'openai', upstreams: at(simulator) });
  await api.importKeys(name, secrets);
  await untilUsed(url, name, secrets);
  return secrets;
}

/** Waits until each of these keys was used. */
async function untilUsed(url: string, name: string, secrets: readonly string[]): Promise<void> {
  simulator.forget();
  await expect
    .poll(
      async () => {
        await ask(`${url}/proxy/${name}`, 'openai', keys.proxyKeys);
        return [...simulator.keyCounts.keys()].toSorted();
      },
      { timeout: 60_000, interval: 20 },
    )
    .toEqual(secrets);
}

/** Whether a process may still need the previous encryption key. */
async function needsPrevious({ metricsUrl }: Child): Promise<boolean> {
  const text = await (await fetch(metricsUrl)).text();
  const name = 'keymux_previous_encryption_key_needed';
  return !new RegExp(`^${name}(?:\\{.*\\})? 0$`, 'm').test(text);
}

it('of mode standalone serve with what the chart tells them', { timeout: patienceMs }, async () => {
  const pods = await start({ secrets: keys, env });
  await serveAt(pods.child('standalone'), 'one');
  expect(await stopServices(children)).toEqual([0]);
});

it(
  'of mode distributed serve with what the chart tells them, while the encryption key is changed pod by pod',
  { timeout: patienceMs },
  async () => {
    const servers = await startServers({ dataDir: folder, keeper, mongodbUrl: undefined });
    try {
      const values = {
        mode: 'distributed',
        env,
        nats: { url: servers.env['NATS_URL'] },
        mongodb: { url: servers.env['MONGODB_URL'] },
        redis: { dsn: servers.env['REDIS_DSN'] },
      };
      const pods = await start({ ...values, secrets: keys });
      const gateway = pods.child('gateway');
      let secrets = await serveAt(gateway, 'apart');
      const api = createAdminClient(gateway.url, keys.authKey);

      // As docs/kubernetes.md tells: every pod is to open both keys before one seals with the new one.
      const [before, after] = [keys.encryptionKey, 'the-next-one-0123456789abcdef0123456'];
      const steps = [
        { encryptionKey: before, encryptionKeyPrevious: after },
        { encryptionKey: after, encryptionKeyPrevious: before },
        { encryptionKey: after },
      ];
      for (const [step, changed] of steps.entries()) {
        const { objects } = await objectsOf({ ...values, secrets: { ...keys, ...changed } });
        for (const component of ['config', 'keymanager', 'gateway']) {
          await pods.restart(component, objects);
          await untilUsed(gateway.url, 'apart', secrets);
        }
        await api.importKeys('apart', [`sk-of-step-${step}`]);
        secrets = [...secrets, `sk-of-step-${step}`];
        for (const each of ['config', 'keymanager']) {
          await expect.poll(() => needsPrevious(pods.child(each)), { timeout: 30_000 }).toBe(false);
        }
        await untilUsed(gateway.url, 'apart', secrets);
      }
      expect(await stopServices(children)).toEqual([0, 0, 0, 0, 0]);
    } finally {
      await stopServices(children);
      await servers.stop();
    }
  },
);
