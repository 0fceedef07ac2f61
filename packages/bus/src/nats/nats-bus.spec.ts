import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, nkeys } from '@nats-io/transport-node';
import { startNats } from '@keymux/parts/nats';
import type { Part } from '@keymux/parts/part';
import { createLogger, systemClock } from '@keymux/service';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loopbackCertificate, loopbackKey } from '../../../outbound/test/loopback-certificate.ts';
import { CallFailed, NoAnswer } from '../bus.ts';
import { busConformance, type BusUnderTest } from '../conformance.ts';
import { testMessage } from '../message.fixture.ts';
import { deadLetterConformance } from '../dead-letters/conformance.ts';
import { createNatsBus } from './nats-bus.ts';
import { createNatsCalls } from './nats-calls.ts';
import { createNatsDeadLetters } from './nats-dead-letters.ts';
import { NatsLink } from './nats-link.ts';
import { streamPlans } from './streams.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 180_000 });
const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
let nats: Part;
beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());

async function empty(): Promise<void> {
  const connection = await connect({ servers: nats.url });
  const jsm = await jetstreamManager(connection);
  for await (const { config } of jsm.streams.list()) await jsm.streams.delete(config.name);
  await connection.close();
}

async function joined(): Promise<NatsLink> {
  const link = new NatsLink({ url: nats.url, name: 'test', replicas: 1, log });
  await link.start();
  return link;
}

async function make(): Promise<BusUnderTest> {
  await empty();
  const parked: BusUnderTest['parked'] = [];
  const deadLetters = {
    park: async (stream: string, { id }: { id: string }, reason: string) =>
      void parked.push({ stream, id, reason }),
  };
  const links = [await joined(), await joined()] as const;
  const [hub, client] = [links[0], links[1]].map((link) => ({
    bus: createNatsBus({ link, deadLetters, log, redeliveryMs: () => 1 }),
    calls: createNatsCalls(link),
  })) as [BusUnderTest['hub'], BusUnderTest['client']];
  hub.calls.answer('settle', () => Promise.resolve());
  return {
    hub,
    client,
    parked,
    close: async () => {
      for (const each of [hub, client]) {
        await each.bus.close();
        await each.calls.close();
      }
      for (const link of links) await link.close();
    },
  };
}

busConformance('the bus over NATS', make);
deadLetterConformance('NATS', async () => {
  await empty();
  const link = await joined();
  const store = createNatsDeadLetters({ link, clock: systemClock, log });
  return { store, close: () => link.close() };
});

it('refuses at once what is published while the server is away, and goes on when it is back', async () => {
  const { hub, client, close } = await make();
  const seen: unknown[] = [];
  let missed = 0;
  await hub.bus.consume('KEY_OUTCOMES', { durable: 'd' }, (message) => {
    seen.push(message.data);
    return Promise.resolve('ack');
  });
  await client.bus.follow(
    'KEY_STATE',
    () => undefined,
    () => (missed += 1),
  );
  await client.bus.publish('KEY_OUTCOMES', testMessage('key.outcome.a', 'before'));
  await expect.poll(() => seen).toEqual(['before']);
  // Killed before it has the acknowledgement, it would rightly give the message out again.
  const observer = await connect({ servers: nats.url });
  const { streams } = await jetstreamManager(observer);
  await expect.poll(async () => (await streams.info('KEY_OUTCOMES')).state.messages).toBe(0);
  await observer.close();
  await nats.kill('SIGKILL');
  const late = testMessage('key.outcome.a', 'while away');
  await expect(client.bus.publish('KEY_OUTCOMES', late)).rejects.toHaveProperty(
    'name',
    'BusUnavailable',
  );
  await expect(client.calls.call('settle', null)).rejects.toHaveProperty('name', 'NoAnswer');
  await nats.restart();
  await vi.waitUntil(
    () =>
      client.bus.publish('KEY_OUTCOMES', late).then(
        () => true,
        () => false,
      ),
    { timeout: 20_000 },
  );
  await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['before', 'while away']);
  await vi.waitUntil(() => missed === 1, { timeout: 20_000 });
  await client.calls.call('settle', null);
  await close();
});

it('goes on when a follower fails to hear that it missed something', async () => {
  const { client, close } = await make();
  let missed = 0;
  await client.bus.follow(
    'KEY_STATE',
    () => undefined,
    () => {
      throw new Error('no');
    },
  );
  await client.bus.follow(
    'CONFIG',
    () => undefined,
    () => (missed += 1),
  );
  for (const times of [1, 2]) {
    await nats.kill('SIGKILL');
    await nats.restart();
    await vi.waitUntil(() => missed === times, 20_000);
  }
  await close();
});

it('consumes a stream in the end when the server stands still while it starts to', async () => {
  const frozen = await startNats();
  const link = new NatsLink({ url: frozen.url, name: 'test', replicas: 1, log });
  await link.start();
  const deadLetters = { park: () => Promise.reject(new Error('nothing is to be parked')) };
  const bus = createNatsBus({ link, deadLetters, log });
  await frozen.kill('SIGSTOP');
  const seen: unknown[] = [];
  await bus.consume('KEY_CHECKS', { durable: 'd' }, ({ data }) => {
    seen.push(data);
    return Promise.resolve('ack');
  });
  await frozen.kill('SIGCONT');
  await vi.waitUntil(() => link.up !== null, 20_000);
  await bus.publish('KEY_CHECKS', testMessage('key.check.a', 'after all'));
  await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['after all']);
  await bus.close();
  await link.close();
  await frozen.stop();
});

it('refuses a call that is larger than the server takes', async () => {
  const link = await joined();
  const calls = createNatsCalls(link);
  // Random, so that it stays as large.
  const request = randomBytes(2 ** 21).toString('base64');
  const refused: unknown = await calls.call('anything', request).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(CallFailed);
  expect(refused).not.toBeInstanceOf(NoAnswer);
  expect(String(refused)).toContain("anything: 'payload' max_payload size exceeded");
  await calls.close();
  await link.close();
});

it('keeps a dead letter without its message when both are larger than the server takes', async () => {
  await empty();
  const link = await joined();
  const store = createNatsDeadLetters({ link, clock: systemClock, log });
  const data = randomBytes(2 ** 20 - 1_000).toString('base64');
  await store.park('REQUEST_LOGS', { ...testMessage('log.request.a'), data }, 'cannot be read');
  expect((await store.list(null, 5)).items).toMatchObject([
    {
      stream: 'REQUEST_LOGS',
      subject: 'log.request.a',
      reason: 'cannot be read; its data are too large to be kept',
    },
  ]);
  await link.close();
});

it('parks what is no message at all', async () => {
  const { hub, parked, close } = await make();
  await hub.bus.consume('KEY_CHECKS', { durable: 'd' }, () => Promise.resolve('ack'));
  const connection = await connect({ servers: nats.url });
  connection.publish('key.check.a', 'no JSON');
  await connection.flush();
  await connection.close();
  await expect
    .poll(() => parked, { timeout: 20_000 })
    .toMatchObject([{ stream: 'KEY_CHECKS', reason: 'is no message' }]);
  await close();
});

it('changes a stream that differs, and says what cannot be changed', async () => {
  await empty();
  const connection = await connect({ servers: nats.url });
  const jsm = await jetstreamManager(connection);
  await jsm.streams.add({ name: 'CONFIG', subjects: ['config.>'], max_msgs: 7 });
  await jsm.streams.add({ name: 'KEY_CHECKS', subjects: ['key.check.>'], storage: 'memory' });
  const told: string[] = [];
  const hearing = createLogger({
    service: 'test',
    level: 'warn',
    format: 'json',
    write: (line) => told.push(line),
  });
  const link = new NatsLink({ url: nats.url, name: 'test', replicas: 1, log: hearing });
  await link.start();
  expect((await jsm.streams.info('CONFIG')).config.max_msgs).toBe(streamPlans.CONFIG.max_msgs);
  expect(told.join()).toContain('max_msgs: 7 → 10000');
  expect(told.join()).toMatch(/"stream":"KEY_CHECKS".*storage.*cannot be changed/);
  await link.close();
  await connection.close();
});

it('waits for a server that cannot be reached, and ends the start when credentials are refused', async () => {
  const secured = await startNats({
    config: 'authorization { user: keymux, password: right }',
    credentials: 'keymux:right@',
  });
  const told: string[] = [];
  const hearing = createLogger({
    service: 'test',
    level: 'warn',
    format: 'json',
    write: (line) => told.push(line),
  });
  const options = { name: 'test', replicas: 1, log: hearing };
  const wrong = new NatsLink({ ...options, url: secured.url.replace('right', 'wrong') });
  await expect(wrong.start()).rejects.toThrow('NATS_URL: the server refuses the credentials');
  await secured.kill('SIGKILL');
  const patient = new NatsLink({ ...options, url: secured.url });
  const started = patient.start();
  await vi.waitUntil(() => told.some((line) => line.includes('cannot be reached')));
  expect(told.join()).not.toContain('right');
  await secured.restart();
  await started;
  expect(patient.up).not.toBeNull();
  await patient.close();
  await secured.stop();
});

/** A server that lets in only one password, a link to it, and what the link tells of trouble. */
async function secured(password: string) {
  const server = await startNats({
    config: `authorization { user: keymux, password: ${password} }`,
    credentials: `keymux:${password}@`,
  });
  const told: string[] = [];
  const write = (line: string): void => void told.push(line);
  const hearing = createLogger({ service: 'test', level: 'warn', format: 'json', write });
  const refusals = (): number[] =>
    told.flatMap((line) => {
      const pauseMs = /the server refuses the credentials; trying again in (\d+) ms/.exec(
        line,
      )?.[1];
      return pauseMs === undefined ? [] : [Number(pauseMs)];
    });
  const options = { name: 'test', replicas: 1, log: hearing, url: server.url };
  return { server, told, refusals, options };
}

it('says again and again that it is refused while it runs, and is back when the server takes it', async () => {
  const { server, told, refusals, options } = await secured('right');
  const link = new NatsLink(options);
  await link.start();
  const deadLetters = createNatsDeadLetters({ link, clock: systemClock, log });
  const bus = createNatsBus({ link, deadLetters, log });
  let missed = 0;
  const heard: unknown[] = [];
  await bus.follow(
    'KEY_STATE',
    ({ data }) => void heard.push(data),
    () => (missed += 1),
  );
  await server.configure('authorization { user: keymux, password: other }');
  await vi.waitUntil(() => refusals().length >= 4, 20_000);
  expect(refusals().slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000]);
  const message = testMessage('key.state.a', 'while refused');
  await expect(bus.publish('KEY_STATE', message)).rejects.toThrow('NATS refuses the credentials');
  await expect(createNatsCalls(link).call('settle', null)).rejects.toThrow(
    'settle: NATS refuses the credentials',
  );
  expect(told.filter((line) => line.includes('NATS is away'))).toHaveLength(1);
  expect(told.join()).not.toMatch(/right|other|"stack"/);
  await server.configure('authorization { user: keymux, password: right }');
  await vi.waitUntil(() => link.up !== null, 20_000);
  await vi.waitUntil(() => missed > 0, 20_000);
  await bus.publish('KEY_STATE', message);
  await expect.poll(() => heard, { timeout: 20_000 }).toEqual(['while refused']);
  // Each resync reads everything: one is enough, however often the server refused.
  expect(missed).toBe(1);
  await bus.close();
  await link.close();
  await server.stop();
});

it('joins in the end a server that refuses it when a start has gone on without', async () => {
  const { server, told, refusals, options } = await secured('right');
  await server.kill('SIGKILL');
  const link = new NatsLink({ ...options, patienceMs: 300 });
  await link.start();
  expect(link.trouble).toBe('NATS is away');
  await server.configure('authorization { user: keymux, password: other }');
  await server.restart();
  await vi.waitUntil(() => refusals().length >= 2, 20_000);
  expect(link.trouble).toBe('NATS refuses the credentials');
  expect(told.join()).not.toMatch(/right|other/);
  await server.configure('authorization { user: keymux, password: right }');
  await vi.waitUntil(() => link.up !== null, 20_000);
  await link.close();
  await server.stop();
});

it('comes back with the credentials that its file holds by then, and minds no file that is half written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keymux-nats-creds-'));
  const creds = join(folder, 'keymux.creds');
  const [first, second] = [nkeys.createUser(), nkeys.createUser()];
  const only = (user: typeof first): string =>
    `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`;
  const hold = (user: typeof first): void => {
    const block = (kind: string, text: string): string =>
      `-----BEGIN ${kind}-----\n${text}\n------END ${kind}------\n`;
    const seed = new TextDecoder().decode(user.getSeed());
    writeFileSync(creds, block('NATS USER JWT', 'none') + block('USER NKEY SEED', seed));
  };
  const server = await startNats({ config: only(first) });
  const at = { name: 'test', replicas: 1, log, url: `${server.url}?creds=${creds}` };
  writeFileSync(creds, 'nothing yet');
  await expect(new NatsLink(at).start()).rejects.toThrow('NATS_URL: unable to parse credentials');
  hold(first);
  const link = new NatsLink(at);
  await link.start();
  writeFileSync(creds, 'half of it');
  await server.kill('SIGKILL');
  await server.restart();
  await vi.waitUntil(() => link.up !== null, 20_000);
  await server.configure(only(second));
  await vi.waitUntil(() => link.trouble === 'NATS refuses the credentials', 20_000);
  hold(second);
  await vi.waitUntil(() => link.up !== null, 20_000);
  await link.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

it('joins over TLS with a certificate of its own and with a token, and never a server it cannot trust', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keymux-nats-tls-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(cert, loopbackCertificate);
  writeFileSync(key, loopbackKey);
  const file = (path: string): string => JSON.stringify(path);
  const secured = await startNats({
    config: `authorization { token: "pass/word" }
      tls { cert_file: ${file(cert)}, key_file: ${file(key)}, ca_file: ${file(cert)}, verify: true }`,
  });
  const told: string[] = [];
  const write = (line: string): void => void told.push(line);
  const hearing = createLogger({ service: 'test', level: 'warn', format: 'json', write });
  const at = `tls://pass%2Fword@127.0.0.1:${secured.port}`;
  const linkTo = (url: string): NatsLink =>
    new NatsLink({ name: 'test', replicas: 1, log: hearing, url, patienceMs: 60_000 });
  const link = linkTo(`${at}?ca=${cert}&cert=${cert}&key=${key}`);
  await link.start();
  expect(link.up?.info?.tls_required).toBe(true);
  await link.close();
  for (const untrusting of [`${at}?cert=${cert}&key=${key}`, `${at}?ca=${cert}`]) {
    told.length = 0;
    const refused = linkTo(untrusting);
    const started = refused.start();
    await vi.waitUntil(() => told.some((line) => /cannot be reached/.test(line)), 60_000);
    expect(refused.up).toBeNull();
    expect(told.join()).not.toContain('word');
    await refused.close();
    await started;
  }
  await secured.stop();
  rmSync(folder, { recursive: true });
});

it('says in a line what else a server has against it, and is back when that ends', async () => {
  const server = await startNats();
  const told: string[] = [];
  const write = (line: string): void => void told.push(line);
  const hearing = createLogger({ service: 'test', level: 'warn', format: 'json', write });
  const options = { name: 'test', replicas: 1, log: hearing, url: server.url };
  const links = [new NatsLink(options), new NatsLink(options)];
  for (const link of links) await link.start();
  await server.configure('max_connections: 1');
  const refusal = 'the server says: maximum connections exceeded';
  await vi.waitUntil(() => told.filter((line) => line.includes(refusal)).length >= 2, 40_000);
  expect(links.filter(({ up }) => up !== null)).toHaveLength(1);
  expect(links.map(({ trouble }) => trouble)).toContain('NATS says: maximum connections exceeded');
  expect(told.join()).not.toContain('"stack"');
  await server.configure('');
  await vi.waitUntil(() => links.every(({ up }) => up !== null), 40_000);
  for (const link of links) await link.close();
  await server.stop();
});

/** Servers that are full, and what they say to one more. */
const full = {
  'a server': {
    config: 'max_connections: 1',
    credentials: '',
    says: 'maximum connections exceeded',
  },
  'an account': {
    config: `accounts { A: {
      jetstream: enabled, limits: { max_conn: 1 }, users: [{ user: keymux, password: right }]
    } }`,
    credentials: 'keymux:right@',
    says: 'maximum account active connections exceeded',
  },
};
const cases = Object.entries(full).flatMap(([what, each]) => [
  { what, ...each, over: 'TCP' },
  { what, ...each, over: 'TLS' },
]);

it.each(cases)(
  'says at a start why $what takes no more over $over, and joins when it does',
  async ({ config, credentials, says, over }) => {
    const folder = mkdtempSync(join(tmpdir(), 'keymux-nats-full-'));
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(cert, loopbackCertificate);
    writeFileSync(key, loopbackKey);
    const secure = `tls { cert_file: ${JSON.stringify(cert)}, key_file: ${JSON.stringify(key)} }`;
    const server = await startNats({
      config: over === 'TLS' ? `${config}\n${secure}` : config,
      credentials,
    });
    const query = over === 'TLS' ? `?ca=${cert}` : '';
    const told: string[] = [];
    const write = (line: string): void => void told.push(line);
    const hearing = createLogger({ service: 'test', level: 'warn', format: 'json', write });
    const options = { name: 'test', replicas: 1, log: hearing, url: `${server.url}${query}` };
    // It may itself come before the server knows that who looked whether it listens is gone.
    const first = new NatsLink({ ...options, log });
    await first.start();
    const second = new NatsLink({ ...options, patienceMs: 100 });
    await second.start();
    await vi.waitUntil(() => told.length >= 2, 40_000);
    const said = told.map((line) => (JSON.parse(line) as { msg: string }).msg);
    const line = `NATS at 127.0.0.1:${server.port}: the server says: ${says}; trying again in`;
    expect(said).toEqual([`${line} 250 ms`, `${line} 500 ms`]);
    expect(second.trouble).toBe(`NATS says: ${says}`);
    expect(told.join()).not.toMatch(/right|"stack"/);
    await first.close();
    await vi.waitUntil(() => second.up !== null, 40_000);
    await second.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  },
);
