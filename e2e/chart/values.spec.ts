import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings } from '@keymux/contracts';
import { helm, helmPatienceMs } from '@keymux/parts/helm';
import { environmentReference } from '@keymux/service';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { leastApart } from './houses.ts';
import { chart, render } from './render.ts';

beforeAll(async () => {
  await helm();
}, helmPatienceMs);

async function refusal(values: object): Promise<string> {
  const rendered = await render(values);
  return rendered.kind === 'refused' ? rendered.message : 'taken';
}

const keys = leastApart.secrets;

describe('a value that makes no sense is refused by its name', () => {
  it.each([
    ['mode', { mode: 'cluster' }, '/mode'],
    ['a name that is none', { gateway: { replica: 3 } }, "'replica'"],
    ['a number', { gateway: { replicas: 0 } }, '/gateway/replicas'],
    ['a size', { gateway: { persistence: { size: 'lots' } } }, '/gateway/persistence/size'],
    ['a quantity', { config: { resources: { limits: { memory: '1 GB' } } } }, '/memory'],
    ['a variable that Keymux does not know', { env: { MAX_RETRY: 3 } }, "'MAX_RETRY'"],
    ['a secret among the variables', { env: { AUTH_KEY: 'x' } }, "'AUTH_KEY'"],
    ['a variable that the chart sets', { env: { DATA_DIR: '/x' } }, "'DATA_DIR'"],
    ['a key that is a number', { secrets: { ...keys, authKey: 1 } }, '/secrets/authKey'],
    ['a grace', { gateway: { gracefulShutdownSeconds: 9999 } }, '/gateway/gracefulShutdownSeconds'],
    ['a host that is missing', { ingress: { enabled: true } }, 'ingress.hosts: '],
    ['several keymanagers', { keymanager: { replicas: 2 } }, 'keymanager.replicas: '],
    ['several logsinks', { logsink: { replicas: 2 } }, 'logsink.replicas: '],
    ['several validators', { validator: { replicas: 2 } }, 'validator.replicas: '],
    ['workers', { env: { GATEWAY_WORKERS: 2 } }, 'env.GATEWAY_WORKERS: '],
    ['no auth key', { secrets: { ...keys, authKey: '' } }, 'secrets.authKey: must be set'],
    [
      'no encryption key',
      { secrets: { ...keys, encryptionKey: '' } },
      'secrets.encryptionKey: must be set',
    ],
    [
      'a previous key alone',
      { secrets: { authKey: 'x', encryptionKey: '', encryptionKeyPrevious: 'y' } },
      'secrets.encryptionKey: must be set',
    ],
    ['keys twice', { secrets: { ...keys, existingSecret: 'there' } }, 'secrets.authKey: '],
    ['no NATS', { nats: { url: '' } }, 'nats.url: must be set'],
    ['an address twice', { nats: { existingSecret: 'there', url: 'nats://a' } }, 'nats.url: '],
    [
      'limits of the autoscaler',
      { gateway: { autoscaling: { enabled: true, minReplicas: 3, maxReplicas: 2 } } },
      'gateway.autoscaling.maxReplicas: ',
    ],
  ])('%s', async (_what, values, told) => {
    expect(await refusal({ ...leastApart, ...values })).toContain(told);
  });

  it.each([
    ['MongoDB', { mongodb: { url: 'mongodb://a/b' } }, 'mongodb: '],
    ['Kafka', { kafka: { brokers: 'kafka://a:9092' } }, 'kafka: '],
    ['one key of two', { secrets: { authKey: 'x' } }, 'secrets.encryptionKey: must be set, too'],
    ['the other', { secrets: { encryptionKey: 'x' } }, 'secrets.authKey: must be set, too'],
  ])('of mode standalone: %s', async (_what, values, told) => {
    expect(await refusal(values)).toContain(told);
  });

  it('without its content, where that may be secret', async () => {
    const password = 'a-password-of-somebody';
    const refusals = await Promise.all([
      refusal({ ...leastApart, nats: { url: `http://me:${password}@nats` } }),
      refusal({ ...leastApart, redis: { dsn: `http://me:${password}@redis` } }),
      refusal({ ...leastApart, mongodb: { url: `http://me:${password}@mongodb` } }),
      refusal({ ...leastApart, kafka: { brokers: `http://me:${password}@kafka` } }),
      refusal({ ...leastApart, secrets: { ...keys, authKey: `${password} and a space` } }),
    ]);
    for (const [at, name] of ['nats.url', 'redis.dsn', 'mongodb.url', 'kafka.brokers'].entries()) {
      expect(refusals[at]).toContain(`${name}: must be an address`);
    }
    expect(refusals.at(-1)).toContain('secrets.authKey: must be printable');
    expect(refusals.join()).not.toContain(password);
  });
});

it('brokers may stand without a scheme, as the product takes them', async () => {
  const values = { ...leastApart, kafka: { brokers: 'kafka-1:9092,kafka-2:9092' } };
  expect(await refusal(values)).toBe('taken');
});

interface Schema {
  readonly properties: Readonly<Record<string, { readonly properties?: object }>>;
}
const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as Schema;

it('the schema knows every variable that is no secret and none of the chart’s own', () => {
  const own = [
    'APP_URL',
    'CONFIG_URL',
    'DATA_DIR',
    'IS_SLAVE',
    'KAFKA_PARTITIONS',
    'KAFKA_REPLICAS',
    'KAFKA_TOPIC_PREFIX',
    'KEYMANAGER_URL',
    'LOGSINK_URL',
    'METRICS_PORT',
    'NATS_REPLICAS',
    'PORT',
    'REQUEST_LOG_BUS',
    'SERVER_GRACEFUL_SHUTDOWN_TIMEOUT',
    'SERVICE_PORT',
    'VALIDATOR_URL',
  ];
  const free = environmentReference(settings)
    .filter(({ name, fileName }) => fileName === undefined && !own.includes(name))
    .map(({ name }) => name);
  expect(Object.keys(schema.properties['env']?.properties ?? {}).toSorted()).toEqual(
    free.toSorted(),
  );
});

it('docs/kubernetes.md tells of every value', () => {
  const page = readFileSync(join(chart, '../../../docs/kubernetes.md'), 'utf8');
  const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as Record<string, unknown>;
  const isGroup = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const names = Object.entries(values).flatMap(([name, value]) => {
    const inner = isGroup(value) ? Object.keys(value) : [];
    return inner.length === 0 ? [name] : inner.map((each) => `${name}.${each}`);
  });
  const services = ['standalone', 'gateway', 'config', 'keymanager', 'logsink', 'validator'];
  const told = names.map((name) => {
    const [group = '', of = ''] = name.split('.');
    if (['podSecurityContext', 'securityContext', 'env'].includes(group)) return group;
    return services.includes(group) && of !== 'autoscaling' ? `<service>.${of}` : name;
  });
  expect([...new Set(told)].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
