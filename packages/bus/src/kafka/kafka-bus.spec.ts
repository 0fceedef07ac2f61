import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka } from '@keymux/parts/kafka';
import type { Part } from '@keymux/parts/part';
import { createLogger, type Logger } from '@keymux/service';
import { Admin, Producer } from '@platformatic/kafka';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loopbackCertificate, loopbackKey } from '../../../outbound/test/loopback-certificate.ts';
import { testMessage } from '../message.fixture.ts';
import { type QueuesUnderTest, workQueueConformance } from '../work-queue/conformance.ts';
import { createKafka, type KafkaOptions } from './create-kafka.ts';
import { parseKafkaBrokers } from './kafka-address.ts';
import { withSurvivingConnections } from './surviving-connections.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 300_000 });
const silent = createLogger({ service: 'test', level: 'silent', format: 'json' });
const plan = { partitions: 3, replicas: 1, retentionMs: 3_600_000 };
const streams = ['KEY_OUTCOMES', 'KEY_CHECKS', 'REQUEST_LOGS'] as const;
const folder = mkdtempSync(join(tmpdir(), 'keymux-kafka-spec-'));
const ca = join(folder, 'ca.pem');
let kafka: Part;
let brokers: string;
let admin: Admin;
let lastPrefix = 0;
beforeAll(async () => {
  writeFileSync(ca, loopbackCertificate);
  kafka = await startKafka({
    user: { name: 'keymux', password: 'right' },
    tls: { certificate: loopbackCertificate, key: loopbackKey },
  });
  brokers = `kafkas://keymux:right@${kafka.url}?ca=${ca}`;
  admin = withSurvivingConnections(new Admin(asClient()));
});
afterAll(async () => {
  await admin.close();
  await kafka.stop();
  rmSync(folder, { recursive: true });
});

/** What a client of the spec's own is made with. */
const asClient = () => ({ clientId: 'spec', ...parseKafkaBrokers(brokers).connection });

function freshPrefix(): string {
  lastPrefix += 1;
  return `spec${lastPrefix}`;
}

function hearing(): { readonly told: string[]; readonly log: Logger } {
  const told: string[] = [];
  const write = (line: string): void => void told.push(line);
  return { told, log: createLogger({ service: 'test', level: 'warn', format: 'json', write }) };
}

async function joined(
  prefix: string,
  options: Partial<KafkaOptions> & { parked?: QueuesUnderTest['parked'] } = {},
) {
  const { parked = [], ...more } = options;
  const made = createKafka({
    brokers,
    name: 'test',
    plan,
    log: silent,
    patienceMs: 120_000,
    answerMs: 30_000,
    streams,
    prefix,
    redeliveryMs: () => 1,
    deadLetters: {
      park: async (stream, { id }, reason) => void parked.push({ stream, id, reason }),
    },
    ...more,
  });
  await made.service.start();
  return made;
}

async function make(
  more: Partial<KafkaOptions> = {},
): Promise<QueuesUnderTest & { readonly client: { readonly isUp: boolean } }> {
  const prefix = freshPrefix();
  const parked: QueuesUnderTest['parked'] = [];
  const both = { ...more, parked };
  const [hub, client] = [await joined(prefix, both), await joined(prefix, both)];
  return {
    hub,
    client,
    parked,
    close: async () => {
      await client.service.stop();
      await hub.service.stop();
    },
  };
}

/** Publishes until the brokers take it. */
const published = (bus: QueuesUnderTest['hub']['bus'], message = testMessage('log.request.a')) =>
  vi.waitUntil(
    () =>
      bus.publish('REQUEST_LOGS', message).then(
        () => true,
        () => false,
      ),
    { timeout: 120_000 },
  );

workQueueConformance('Kafka', () => make());

it('lets followers hear what is published from now on, and no stream that it has not', async () => {
  const { hub, client, close } = await make();
  await client.bus.publish('REQUEST_LOGS', testMessage('log.request.a', 'before'));
  const seen: unknown[] = [];
  await hub.bus.follow('REQUEST_LOGS', ({ data }) => {
    if (data === 'first') throw new Error('a bug');
    seen.push(data);
  });
  for (const each of ['first', 'second']) {
    await client.bus.publish('REQUEST_LOGS', testMessage('log.request.a', each));
  }
  await expect.poll(() => seen, { timeout: 120_000 }).toEqual(['second']);
  await expect(client.bus.publish('CONFIG', testMessage('config.group'))).rejects.toThrow(
    'stream CONFIG does not go over Kafka',
  );
  await close();
});

it('parks what is no message at all', async () => {
  const { hub, parked, close } = await make();
  await hub.bus.consume('KEY_CHECKS', { durable: 'd' }, () => Promise.resolve('ack'));
  const producer = withSurvivingConnections(new Producer(asClient()));
  const topic = `spec${lastPrefix}.key-checks`;
  const [key, value] = [Buffer.from('key.check.a'), Buffer.from('no JSON')];
  await producer.send({ messages: [{ topic, key, value }] });
  await producer.close();
  await expect
    .poll(() => parked, { timeout: 120_000 })
    .toMatchObject([{ stream: 'KEY_CHECKS', reason: 'is no message' }]);
  await close();
});

it('shares subjects between consumers, and gives what one that is gone had not done to the other', async () => {
  const prefix = freshPrefix();
  const [first, second] = [await joined(prefix), await joined(prefix)];
  const subjects = Array.from({ length: 24 }, (_, n) => `log.request.g${n}`);
  const stuck: string[] = [];
  const done = new Set<unknown>();
  const consumer = { durable: 'd', maxDeliveries: 1_000_000 };
  await first.bus.consume('REQUEST_LOGS', consumer, (message) => {
    stuck.push(message.subject);
    return Promise.resolve('retry');
  });
  await Promise.all(
    subjects.map((subject) => first.bus.publish('REQUEST_LOGS', testMessage(subject, subject))),
  );
  await expect.poll(() => new Set(stuck).size, { timeout: 120_000 }).toBe(subjects.length);
  await second.bus.consume('REQUEST_LOGS', consumer, ({ data }) => {
    done.add(data);
    return Promise.resolve('ack');
  });
  // The second one has some partitions, and the first one the others.
  await expect.poll(() => done.size, { timeout: 120_000 }).toBeGreaterThan(0);
  expect(done.size).toBeLessThan(subjects.length);
  await first.service.stop();
  await expect.poll(() => done.size, { timeout: 120_000 }).toBe(subjects.length);
  await second.service.stop();
});

it('refuses what is published while the broker is away, and loses nothing of what it took', async () => {
  const { hub, client, close } = await make({ answerMs: 5_000 });
  const seen = new Set<unknown>();
  await hub.bus.consume('REQUEST_LOGS', { durable: 'd' }, ({ data }) => {
    seen.add(data);
    return Promise.resolve('ack');
  });
  await published(client.bus, testMessage('log.request.a', 'before'));
  await expect.poll(() => [...seen], { timeout: 120_000 }).toEqual(['before']);
  await kafka.kill('SIGSTOP');
  await expect(client.bus.publish('REQUEST_LOGS', testMessage('log.request.b'))).rejects.toThrow(
    /Kafka/,
  );
  await vi.waitUntil(() => !client.isUp, { timeout: 120_000 });
  await kafka.kill('SIGCONT');
  await published(client.bus, testMessage('log.request.a', 'stopped'));
  await expect.poll(() => seen.has('stopped'), { timeout: 120_000 }).toBe(true);

  await kafka.kill('SIGKILL');
  await expect(client.bus.publish('REQUEST_LOGS', testMessage('log.request.b'))).rejects.toThrow(
    /Kafka/,
  );
  await vi.waitUntil(() => !client.isUp, { timeout: 120_000 });
  // One that starts meanwhile says so in one line a try, and joins when the broker comes.
  const { told, log } = hearing();
  const late = await joined(freshPrefix(), { log, patienceMs: 1, answerMs: 5_000 });
  const lateSeen: unknown[] = [];
  await late.bus.consume('REQUEST_LOGS', { durable: 'd' }, ({ data }) => {
    lateSeen.push(data);
    return Promise.resolve('ack');
  });
  expect(late.isUp).toBe(false);
  await expect(late.bus.publish('REQUEST_LOGS', testMessage('log.request.a'))).rejects.toThrow(
    'Kafka is away',
  );
  await vi.waitUntil(() => told.length > 1, { timeout: 120_000 });
  const line = new RegExp(`Kafka at ${kafka.url}: cannot be reached \\(.+\\); trying again in `);
  for (const each of told) expect(each).toMatch(line);

  await kafka.restart();
  await published(client.bus, testMessage('log.request.a', 'killed'));
  await expect.poll(() => seen.has('killed'), { timeout: 120_000 }).toBe(true);
  await published(late.bus, testMessage('log.request.a', 'late'));
  await expect.poll(() => lateSeen, { timeout: 120_000 }).toEqual(['late']);
  await late.service.stop();
  await close();
});

it('makes topics as they should be, changes what differs, and says what cannot be changed', async () => {
  const prefix = freshPrefix();
  const topic = (name: string): string => `${prefix}.${name}`;
  const configs = [{ name: 'retention.ms', value: '7000' }];
  await admin.createTopics({ topics: [topic('key-checks')], partitions: 1, replicas: 1, configs });
  await admin.createTopics({ topics: [topic('key-outcomes')], partitions: 9, replicas: 1 });
  const { told, log } = hearing();
  const made = await joined(prefix, { log });
  const { topics } = await admin.metadata({
    topics: ['key-checks', 'key-outcomes', 'request-logs'].map(topic),
    forceUpdate: true,
  });
  const partitions = Object.fromEntries(
    Array.from(topics, ([name, { partitionsCount }]) => [name, partitionsCount]),
  );
  expect(partitions).toMatchObject({
    [topic('key-checks')]: 3,
    [topic('key-outcomes')]: 9,
    [topic('request-logs')]: 3,
  });
  expect(told.join()).toContain('retention.ms: \\"7000\\" → \\"3600000\\"');
  expect(told.join()).toContain('partitions: 1 → 3');
  expect(told.join()).toMatch(/key-outcomes.*partitions: 9 → 3.*cannot be changed/);
  expect(told.join()).not.toContain('request-logs');
  const again = hearing();
  const second = await joined(prefix, { log: again.log });
  expect(again.told.join()).not.toContain('was changed');
  await second.service.stop();
  await made.service.stop();
});

it('ends the start when credentials are refused, or the way of giving them is', async () => {
  const plain = await joined(freshPrefix(), { brokers: `${brokers}&mechanism=plain` });
  await plain.bus.publish('REQUEST_LOGS', testMessage('log.request.a'));
  await plain.service.stop();
  const wrong = brokers.replace('right', 'wrong');
  for (const [address, why] of [
    [wrong, 'refuse the credentials'],
    [`${wrong}&mechanism=plain`, 'refuse the credentials'],
    [`${brokers}&mechanism=scram-sha-256`, 'do not take the mechanism'],
  ] as const) {
    const { told, log } = hearing();
    await expect(joined(freshPrefix(), { brokers: address, log })).rejects.toThrow(
      `KAFKA_BROKERS: the brokers ${why}`,
    );
    expect(told).toEqual([]);
  }
});

it('outlives a connection that fails again after it failed', async () => {
  const client = withSurvivingConnections(new Admin(asClient()));
  await client.metadata({});
  const [[, connection] = []] = client.connections;
  const reset = (): boolean | undefined =>
    connection?.socket.emit('error', Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  expect([reset(), reset()]).toEqual([true, true]);
  await client.close();
  connection?.socket.destroy();
});
