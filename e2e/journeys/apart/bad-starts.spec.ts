import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@keymux/parts/free-port';
import { type Keeper, startKeeper } from '@keymux/parts/keeper';
import { startMongoDb } from '@keymux/parts/mongodb';
import { startNats } from '@keymux/parts/nats';
import type { Part } from '@keymux/parts/part';
import { startRedis } from '@keymux/parts/redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Child, startChild } from '../../product/distributed/child.ts';
import { stopServices } from '../../product/distributed/services.ts';

/** What each service cannot do without, and what else it connects to. */
const services = {
  config: ['ENCRYPTION_KEY', 'AUTH_KEY', 'NATS_URL', 'MONGODB_URL', 'REDIS_DSN'],
  keymanager: ['ENCRYPTION_KEY', 'AUTH_KEY', 'NATS_URL', 'MONGODB_URL'],
  logsink: ['AUTH_KEY', 'NATS_URL', 'MONGODB_URL'],
  validator: ['ENCRYPTION_KEY', 'AUTH_KEY', 'NATS_URL', 'REDIS_DSN'],
  gateway: ['ENCRYPTION_KEY', 'NATS_URL', 'REDIS_DSN'],
} as const;
type ServiceName = keyof typeof services;
const names = Object.keys(services) as ServiceName[];
const using = (variable: string) =>
  names.filter((name) => services[name].some((each) => each === variable));
/** Pairs of a service and a variable that it needs. */
const needs = names.flatMap((name) =>
  services[name]
    .filter((variable) => variable !== 'MONGODB_URL' && variable !== 'REDIS_DSN')
    .map((variable) => [name, variable] as const),
);
const password = 'pa55word-of-the-servers';
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 120_000, interval: 20 });

/** A service, and what it printed. */
interface Started {
  readonly child: Child;
  said(): string;
}

let folder = '';
let keeper: Keeper;
let servers: { readonly nats: Part; readonly mongodb: Part; readonly redis: Part };
let given: Readonly<Record<string, string>>;
let started: Started[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keymux-bad-starts-'));
  keeper = startKeeper();
  const [nats, { part: mongodb }, redis] = await Promise.all([
    startNats({
      config: `authorization { user: keymux, password: ${JSON.stringify(password)} }`,
      credentials: `keymux:${password}@`,
      keeper,
    }),
    startMongoDb({ durable: true, keeper }),
    startRedis({ password, keeper }),
  ]);
  servers = { nats, mongodb, redis };
  given = {
    NATS_URL: nats.url,
    MONGODB_URL: mongodb.url,
    REDIS_DSN: redis.url,
    AUTH_KEY: 'admin-e2e-0123456789abcdef0123456789abcdef',
    ENCRYPTION_KEY: 'encryption-e2e-0123456789abcdef01234567',
  };
});
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    for (const { child, said } of started) {
      process.stderr.write(`--- ${child.name} said\n${said().slice(-4000)}\n---\n`);
    }
  });
});
afterEach(async () => {
  await stopServices(started.map(({ child }) => child));
  started = [];
});
afterAll(async () => {
  await Promise.all(Object.values(servers).map((each) => each.stop()));
  await keeper.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(name: ServiceName, env: NodeJS.ProcessEnv): Promise<Started> {
  let said = '';
  const port = await freePort();
  const child = startChild({
    name,
    service: name,
    port,
    metricsPort: await freePort(),
    dataDir: join(folder, `${name}-${port}`),
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      [name === 'gateway' ? 'PORT' : 'SERVICE_PORT']: String(port),
      GATEWAY_WORKERS: '1',
      ...env,
    },
    keeper,
    hear: (text) => void (said += text),
  });
  started.push({ child, said: () => said });
  return { child, said: () => said };
}

/** A start that has to fail: what it said. */
async function refusal(name: ServiceName, env: NodeJS.ProcessEnv): Promise<string> {
  const { child, said } = await start(name, env);
  expect(await child.ended).toBe(1);
  await eventually(said).not.toBe('');
  expect(said()).not.toContain(password);
  expect(said()).not.toMatch(/\bat .*\.[jt]s:\d+/);
  return said().trim();
}

/** The same variables as files, which end in a line break as an editor leaves them. */
function asFiles(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => {
      const file = join(folder, name.toLowerCase());
      writeFileSync(file, `${value}\n`, { mode: 0o600 });
      return [`${name}_FILE`, file];
    }),
  );
}

describe('a start is refused with one line', () => {
  it.each(needs)('by %s without %s', async (name, variable) => {
    const text = await refusal(name, { ...given, [variable]: '' });
    expect(text.split('\n')).toHaveLength(1);
    expect(text).toContain(variable);
  });

  it.each(using('NATS_URL'))('by %s whose credentials NATS refuses', async (name) => {
    const text = await refusal(name, {
      ...given,
      NATS_URL: servers.nats.url.replace(password, 'wrong'),
    });
    const fatal = text.split('\n').filter((line) => line.includes('FATAL'));
    expect(fatal).toEqual([
      expect.stringContaining('NATS_URL: the server refuses the credentials'),
    ]);
  });

  it.each(using('REDIS_DSN'))('by %s whose credentials Redis refuses', async (name) => {
    const text = await refusal(name, {
      ...given,
      REDIS_DSN: servers.redis.url.replace(password, 'wrong'),
    });
    const fatal = text.split('\n').filter((line) => line.includes('FATAL'));
    expect(fatal).toEqual([expect.stringContaining('REDIS_DSN: the server says WRONGPASS')]);
  });
});

describe('services that start before their servers', () => {
  it('say in one line a try what they wait for, and serve when it is there; secrets come from files', async () => {
    const { nats, mongodb, redis } = servers;
    await Promise.all([nats, mongodb, redis].map((each) => each.kill('SIGKILL')));
    const files = asFiles(given);
    const all = new Map<ServiceName, Started>();
    for (const name of names) {
      const variables = services[name].map((variable) => `${variable}_FILE`);
      const env = Object.fromEntries(variables.map((variable) => [variable, files[variable]]));
      all.set(name, await start(name, env));
    }
    const saidBy = (name: ServiceName): string => all.get(name)?.said() ?? '';
    const linesOf = (name: ServiceName, text: string) =>
      saidBy(name)
        .split('\n')
        .filter((line) => line.includes('WARN') && line.includes(text));

    const noMongo = `MongoDB at 127.0.0.1:${mongodb.port} does not answer`;
    const noNats = `NATS at 127.0.0.1:${nats.port}: cannot be reached`;
    for (const name of using('MONGODB_URL')) {
      await eventually(() => linesOf(name, noMongo).length).toBeGreaterThan(1);
    }
    for (const name of using('REDIS_DSN').filter((each) => each !== 'config')) {
      await eventually(() => linesOf(name, 'Redis cannot be reached').length).toBe(1);
      await eventually(() => linesOf(name, noNats).length).toBeGreaterThan(2);
      const pauses = linesOf(name, noNats).map((line) => Number(/in (\d+) ms/.exec(line)?.[1]));
      expect(pauses.slice(0, 3)).toEqual([250, 500, 1_000]);
    }
    await mongodb.restart();
    for (const name of using('MONGODB_URL')) {
      await eventually(() => linesOf(name, noNats).length).toBeGreaterThan(1);
    }
    await Promise.all([nats.restart(), redis.restart()]);
    await Promise.all(started.map(({ child }) => child.ready()));
    for (const name of using('REDIS_DSN')) {
      await eventually(() => saidBy(name)).toContain('Redis answers');
    }
    for (const name of names) {
      expect(saidBy(name)).not.toContain(password);
      expect(saidBy(name)).not.toMatch(/\b(ERROR|FATAL)\b|\bat .*\.[jt]s:\d+/);
    }
    expect(await stopServices(started.map(({ child }) => child))).toEqual([0, 0, 0, 0, 0]);
  });
});
