import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@keymux/parts/free-port';
import { startKafka } from '@keymux/parts/kafka';
import { type Keeper, startKeeper } from '@keymux/parts/keeper';
import { startNats } from '@keymux/parts/nats';
import type { Part } from '@keymux/parts/part';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { completionOf, credentialOf } from '../clients/ask.ts';
import { type AdminClient, createAdminClient } from '../product/admin-client.ts';
import { type Child, startChild } from '../product/distributed/child.ts';
import { at, secretsFor } from '../product/house.ts';
import { type Simulator, startSimulator } from '../provider-simulator/simulator.ts';

// Ample: a broker starts twice, on a machine that may be busy.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 400_000 });
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 200_000, interval: 250 });

const folder = mkdtempSync(join(tmpdir(), 'keymux-kafka-logs-'));
const group = 'kafka';
const proxyKey = 'pk-e2e-global-0123456789abcdef';
const authKey = 'admin-e2e-0123456789abcdef0123456789abcdef';
const tagHeader = 'x-journey-tag';
const closings: (() => Promise<unknown>)[] = [];
let output = '';
let env: NodeJS.ProcessEnv;
let keeper: Keeper;
let kafka: Part;
let simulator: Simulator;
let logsink: Child;
let gateway: Child;
let api: AdminClient;

async function start(service: string, more: NodeJS.ProcessEnv = {}): Promise<Child> {
  const port = await freePort();
  return startChild({
    name: service,
    service,
    port,
    metricsPort: await freePort(),
    dataDir: join(folder, service),
    env: { ...env, PORT: String(port), SERVICE_PORT: String(port), ...more },
    keeper,
    hear: (text) => void (output += text),
  });
}

beforeAll(async () => {
  keeper = startKeeper();
  closings.push(() => keeper.close());
  simulator = await startSimulator();
  closings.push(() => simulator.close());
  const nats = await startNats({ keeper });
  closings.push(() => nats.stop());
  kafka = await startKafka({ keeper, storeDirectory: join(folder, 'broker') });
  closings.push(() => kafka.stop());
  env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    HOST: '127.0.0.1',
    AUTH_KEY: authKey,
    ENCRYPTION_KEY: 'encryption-e2e-0123456789abcdef01234567',
    PROXY_KEYS: proxyKey,
    REQUEST_LOG_WRITE_INTERVAL_MINUTES: '0',
    NATS_URL: nats.url,
    REQUEST_LOG_BUS: 'kafka',
    KAFKA_BROKERS: kafka.url,
  };
  const services = ['config', 'keymanager', 'logsink', 'gateway'];
  const children = await Promise.all(services.slice(0, 3).map((service) => start(service)));
  for (const child of children) closings.push(() => child.kill('SIGKILL'));
  const [config, keymanager, sink] = children;
  if (config === undefined || keymanager === undefined || sink === undefined) return;
  logsink = sink;
  gateway = await start('gateway', {
    CONFIG_URL: config.url,
    KEYMANAGER_URL: keymanager.url,
    LOGSINK_URL: logsink.url,
  });
  closings.push(() => gateway.kill('SIGKILL'));
  await Promise.all([...children, gateway].map((child) => child.ready()));
  api = createAdminClient(gateway.url, authKey);
});
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    process.stderr.write(`--- the services' logs, last part\n${output.slice(-8000)}\n---\n`);
  });
});
afterAll(async () => {
  for (const close of closings.toReversed()) await close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly tag: string;
  readonly status: number;
  readonly requestId: string;
}

async function ask(tag: string): Promise<Answer> {
  const { path, headers, body } = completionOf('openai');
  const reply = await fetch(`${gateway.url}/proxy/${group}${path}`, {
    method: 'POST',
    headers: { ...headers, ...credentialOf('openai', proxyKey), [tagHeader]: tag },
    body,
  });
  await reply.arrayBuffer();
  return { tag, status: reply.status, requestId: reply.headers.get('x-request-id') ?? '' };
}

/** Clients that ask all the time, each request with a name of its own. */
function startClients(count: number) {
  const answers: Answer[] = [];
  let numbers = 0;
  let stopping = false;
  const clients = Promise.all(
    Array.from({ length: count }, async () => {
      while (!stopping) {
        answers.push(await ask(`request-${(numbers += 1)}`));
        await pause(10);
      }
    }),
  );
  return {
    answers,
    more: (wanted: number) => {
      const enough = answers.length + wanted;
      return eventually(() => answers.length >= enough).toBe(true);
    },
    async stop(): Promise<readonly Answer[]> {
      stopping = true;
      await clients;
      return answers;
    },
  };
}

const rowIds = async (): Promise<string[]> =>
  (await api.logs({ group })).map((row) => row.request_id);

/** A number that a process tells of itself, of one bus where there are several. */
async function measure({ metricsUrl }: Child, name: string, bus = ''): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const of = bus === '' ? '' : `.*bus="${bus}"`;
  const [, value] = new RegExp(`^keymux_${name}\\{${of}.*\\} (\\d+)$`, 'm').exec(text) ?? [];
  return Number(value);
}

/** Bytes that the broker has on disk of the topic of request logs. */
function bytesOnBroker(): number {
  const logs = join(folder, 'broker', 'logs');
  const partitions = readdirSync(logs).filter((name) => name.startsWith('keymux.request-logs-'));
  const files = partitions.flatMap((name) =>
    readdirSync(join(logs, name)).map((file) => join(logs, name, file)),
  );
  const segments = files.filter((name) => name.endsWith('.log'));
  return segments.reduce((sum, name) => sum + statSync(name).size, 0);
}

it('loses no row and counts none twice when logsink and the broker are killed under load', async () => {
  await api.addGroup({ name: group, channel: 'openai', upstreams: at(simulator) });
  await api.importKeys(group, secretsFor(group, 4));
  const tried = new Set<string>();
  const tryOnce = async (): Promise<number> => {
    const { status, requestId } = await ask('try');
    tried.add(requestId);
    return status;
  };
  await eventually(tryOnce).toBe(200);
  await eventually(async () => (await rowIds()).length).toBeGreaterThan(0);
  expect(bytesOnBroker()).toBeGreaterThan(0);

  const clients = startClients(4);
  await clients.more(100);
  await logsink.kill('SIGKILL');
  await clients.more(100);
  logsink.restart();
  await clients.more(100);
  await kafka.kill('SIGKILL');
  await clients.more(100);
  await kafka.restart();
  await clients.more(100);
  const answers = await clients.stop();

  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  const answered = answers.map(({ requestId }) => requestId).toSorted();
  const tries = simulator.hits.flatMap(({ headers }) => {
    const tag = headers[tagHeader];
    return typeof tag === 'string' && tag !== 'try' ? [tag] : [];
  });
  expect(tries.toSorted()).toEqual(answers.map(({ tag }) => tag).toSorted());
  await logsink.ready();
  const missing = async (): Promise<number> => {
    const there = new Set(await rowIds().catch(() => []));
    return answered.filter((id) => !there.has(id)).length;
  };
  await eventually(missing).toBe(0);
  const rows = (await rowIds()).filter((id) => !tried.has(id));
  expect(rows.toSorted()).toEqual(answered);
});

it('tells that the broker is away while requests go on, and has all rows when it is back', async () => {
  const everyone = [gateway, logsink];
  const buses = () =>
    Promise.all(
      everyone.flatMap((child) => ['nats', 'kafka'].map((bus) => measure(child, 'bus_up', bus))),
    );
  const spooled = () => measure(gateway, 'spool_bytes');
  await eventually(spooled).toBe(0);
  await eventually(buses).toEqual([1, 1, 1, 1]);
  output = '';
  await kafka.kill('SIGKILL');
  const asked: Answer[] = [];
  await eventually(async () => {
    asked.push(await ask('away'));
    return buses();
  }).toEqual([1, 0, 1, 0]);
  asked.push(await ask('away'));
  expect(asked.filter(({ status }) => status !== 200)).toEqual([]);
  await eventually(spooled).toBeGreaterThan(0);
  for (const { url } of everyone) expect((await fetch(`${url}/readyz`)).status).toBe(200);
  for (const service of ['gateway', 'logsink']) {
    expect(output).toMatch(
      new RegExp(`WARN .*${service}: Kafka cannot be reached .*; connecting again`),
    );
  }
  await kafka.restart();
  await eventually(buses).toEqual([1, 1, 1, 1]);
  await eventually(spooled).toBe(0);
  const missing = async (): Promise<number> => {
    const there = new Set(await rowIds());
    return asked.filter(({ requestId }) => !there.has(requestId)).length;
  };
  await eventually(missing).toBe(0);
  expect(output.match(/INFO .*Kafka is back/g)).toHaveLength(everyone.length);
  expect(output).not.toMatch(/\bERROR\b/);
});

it('starts nothing without brokers, and says which variable is missing', async () => {
  output = '';
  const child = await start('gateway', { KAFKA_BROKERS: '' });
  expect(await child.ended).toBe(1);
  await eventually(() => output).toBe(
    'keymux: KAFKA_BROKERS: must be set, to the same for every service\n',
  );
});
