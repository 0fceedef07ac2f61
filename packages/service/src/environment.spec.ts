import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { settings } from '@keymux/contracts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentReference, readEnvironment, type Environment } from './environment.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keymux-environment-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const readAll = (env: Record<string, string>) =>
  readEnvironment({ env, settings, envFile: join(folder, '.env') });

function read(env: Record<string, string> = {}): Environment {
  const result = readAll(env);
  if (result.kind === 'invalid') throw new Error(`${result.variable} ${result.message}`);
  return result.environment;
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('the environment', () => {
  it('has the defaults of the design when nothing is set', () => {
    expect(read()).toMatchObject({
      port: 3001,
      host: '0.0.0.0',
      serverReadTimeoutMs: 60_000,
      serverWriteTimeoutMs: 600_000,
      serverIdleTimeoutMs: 120_000,
      gracefulShutdownMs: 10_000,
      authKey: undefined,
      encryptionKey: undefined,
      dataDir: resolve('data'),
      databasePath: resolve('data/keymux.db'),
      gatewayWorkers: 1,
      maxConcurrentRequests: 100,
      spoolLimitBytes: 1_073_741_824,
      metricsPort: 9464,
      trustedProxies: [],
      forbidPrivateUpstreams: false,
      enableCors: false,
      logLevel: 'info',
      logFormat: 'text',
      logFile: undefined,
      settings: {},
      traceExport: null,
    });
  });

  it('reads what is set, and treats an empty value as not set', () => {
    const environment = read({
      PORT: ' 8080 ',
      HOST: '127.0.0.1',
      SERVER_GRACEFUL_SHUTDOWN_TIMEOUT: '30',
      DATA_DIR: folder,
      GATEWAY_WORKERS: '',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1,192.168.1.1',
      FORBID_PRIVATE_UPSTREAMS: '1',
      LOG_LEVEL: 'DEBUG',
      LOG_ENABLE_FILE: 'true',
      TZ: 'Asia/Tokyo',
      https_proxy: 'socks5://user:pass@proxy:1080',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      IS_SLAVE: 'false',
    });
    expect(environment).toMatchObject({
      port: 8080,
      host: '127.0.0.1',
      gracefulShutdownMs: 30_000,
      databasePath: join(folder, 'keymux.db'),
      gatewayWorkers: 1,
      trustedProxies: ['10.0.0.0/8', '::1', '192.168.1.1'],
      forbidPrivateUpstreams: true,
      logLevel: 'debug',
      logFile: join(folder, 'keymux.log'),
      timeZone: 'Asia/Tokyo',
      httpsProxy: 'socks5://user:pass@proxy:1080',
      traceExport: { variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' } },
    });
    expect(Object.isFrozen(environment)).toBe(true);
    expect(Object.isFrozen(environment.settings)).toBe(true);
    expect(read({ GATEWAY_WORKERS: 'auto' }).gatewayWorkers).toBeGreaterThanOrEqual(1);
  });

  it('reads every setting under its name in capitals', () => {
    const environment = read({
      MAX_RETRIES: '5',
      BLACKLIST_THRESHOLD: '0',
      ENABLE_REQUEST_BODY_LOGGING: 'true',
      PROXY_KEYS: 'one,two',
      APP_URL: 'https://keymux.example.com',
    });
    expect(environment.settings).toEqual({
      max_retries: 5,
      blacklist_threshold: 0,
      enable_request_body_logging: true,
      proxy_keys: 'one,two',
      app_url: 'https://keymux.example.com',
    });
  });

  it('reads a .env file, under the process environment', () => {
    write('.env', '# mine\nPORT=8081\nAUTH_KEY="from the file"\nMAX_RETRIES=7\nHOST=::1\n');
    expect(readAll({}).kind).toBe('invalid');
    const environment = read({ PORT: '8082', AUTH_KEY: 'from-the-process' });
    expect(environment).toMatchObject({
      port: 8082,
      host: '::1',
      authKey: 'from-the-process',
      settings: { max_retries: 7 },
    });
  });

  it('names a .env file that cannot be read', () => {
    mkdirSync(join(folder, '.env'));
    expect(readAll({})).toEqual({
      kind: 'invalid',
      variable: join(folder, '.env'),
      message: 'cannot be read: EISDIR',
    });
  });

  it('reads secrets from files', () => {
    const AUTH_KEY_FILE = write('auth', 'secret-1\n');
    const PROXY_KEYS_FILE = write('proxy-keys', 'a,b\n');
    expect(read({ AUTH_KEY_FILE, PROXY_KEYS_FILE })).toMatchObject({
      authKey: 'secret-1',
      settings: { proxy_keys: 'a,b' },
    });
    write('.env', `AUTH_KEY_FILE=${AUTH_KEY_FILE}\n`);
    expect(read({ AUTH_KEY: 'secret-2' }).authKey).toBe('secret-2');
  });

  it('refuses a secret given twice, and a file that is missing or empty', () => {
    const AUTH_KEY_FILE = write('auth', 'secret-1');
    expect(readAll({ AUTH_KEY: 'x', AUTH_KEY_FILE })).toMatchObject({ variable: 'AUTH_KEY' });
    expect(readAll({ AUTH_KEY_FILE: join(folder, 'none') })).toEqual({
      kind: 'invalid',
      variable: 'AUTH_KEY_FILE',
      message: `cannot read ${join(folder, 'none')}: ENOENT`,
    });
    expect(readAll({ AUTH_KEY_FILE: write('empty', ' \n') })).toMatchObject({
      variable: 'AUTH_KEY_FILE',
      message: expect.stringMatching(/is empty$/),
    });
  });

  it.each([
    ['PORT', '70000', 'must be a whole number from 0 to 65535'],
    ['PORT', 'http', 'must be a whole number from 0 to 65535'],
    ['PORT', '80.5', 'must be a whole number from 0 to 65535'],
    ['METRICS_PORT', '-1', 'must be a whole number from 0 to 65535'],
    ['SERVER_READ_TIMEOUT', '60s', 'must be a whole number from 1 to 86400'],
    ['GATEWAY_WORKERS', '0', 'must be a whole number from 1 to 1024, or auto'],
    ['ENABLE_CORS', 'maybe', 'must be true or false'],
    ['LOG_LEVEL', 'loud', /must be one of trace, debug/],
    ['LOG_FORMAT', 'xml', 'must be one of text, json'],
    ['TZ', 'Mars/Base', 'must be a time zone such as Europe/Berlin; "Mars/Base" is none'],
    ['AUTH_KEY', 'two words', /without spaces/],
    ['TRUSTED_PROXIES', '10.0.0.0/33', /"10\.0\.0\.0\/33" is none/],
    ['TRUSTED_PROXIES', '1.2.3.4/8/9', /is none/],
    ['TRUSTED_PROXIES', 'localhost', /is none/],
    ['ALLOWED_ORIGINS', 'example.com', /"example.com" is none/],
    ['HTTP_PROXY', 'ftp://user:hunter2@proxy', 'must be an address such as http://example.com'],
    [
      'DATABASE_DSN',
      'mongodb://u:hunter2@',
      'must be an address such as mongodb://host:27017/keymux',
    ],
    ['DATABASE_DSN', 'mysql://u:hunter2@db/x', /MySQL database: not supported yet/],
    ['DATABASE_DSN', 'u:hunter2@tcp(db:3306)/x', /MySQL database: not supported yet/],
    ['DATABASE_DSN', 'postgres://u:hunter2@db/x', /PostgreSQL database: not supported yet/],
    ['DATABASE_DSN', 'host=db password=hunter2', /PostgreSQL database: not supported yet/],
    ['DATABASE_DSN', 'redis://db', /path of a file/],
    ['DATABASE_DSN', 'sqlite:', 'names no file'],
    ['NATS_URL', 'http://u:hunter2@bus', 'must be an address such as nats://example.com'],
    ['NATS_URL', 'nats://a, kafka://u:hunter2@b', /must be an address/],
    ['KEYMANAGER_URL', 'keymanager:3002', 'must be an address such as http://example.com'],
    ['KEYMANAGER_URL', 'http://a:3002, ftp://b', 'must be an address such as http://example.com'],
    ['KEYMANAGER_URL', ' , ', 'must have an address'],
    ['CONFIG_URL', 'http://a:3002/under', /a host and a port, and nothing more/],
    ['CONFIG_URL', 'http://u:hunter2@a:3002', /a host and a port, and nothing more/],
    [
      'MONGODB_URL',
      'postgres://u:hunter2@db',
      'must be an address such as mongodb://host:27017/keymux',
    ],
    ['REDIS_DSN', 'http://u:hunter2@db', 'must be an address such as redis://example.com'],
    ['REDIS_DSN', 'db:6379', 'must be an address such as redis://example.com'],
    ['REDIS_DSN', 'redis://u:hunter2@db/main', /number of a database/],
    ['REDIS_DSN', 'redis://u:hunter2@db/0?family=6', /number of a database/],
    ['KAFKA_BROKERS', 'http://u:hunter2@a', 'must be an address such as kafka://example.com:9092'],
    ['KAFKA_TOPIC_PREFIX', 'a/b', 'must be letters, digits, dots, dashes and underscores'],
    ['KAFKA_PARTITIONS', '0', 'must be a whole number from 1 to 1000'],
    ['REQUEST_LOG_BUS', 'redis', 'must be one of nats, kafka'],
    ['IS_SLAVE', 'maybe', 'must be true or false'],
    ['MAX_RETRIES', '101', 'must be a whole number from 0 to 100'],
    ['ENABLE_REQUEST_BODY_LOGGING', 'on', 'must be true or false'],
    ['APP_URL', 'keymux', /must be an address/],
    ['PROXY_URL', 'ftp://x', /must be an address/],
  ])('refuses %s=%s', (variable, text, message) => {
    const result = readAll({ [variable]: text });
    expect(result).toMatchObject({ kind: 'invalid', variable });
    if (result.kind !== 'invalid') return;
    if (typeof message === 'string') expect(result.message).toBe(message);
    else expect(result.message).toMatch(message);
    expect(result.message).not.toContain('hunter2');
  });

  it('refuses CORS without origins, and credentials for every origin', () => {
    expect(readAll({ ENABLE_CORS: 'true' })).toMatchObject({ variable: 'ALLOWED_ORIGINS' });
    const open = { ENABLE_CORS: 'true', ALLOWED_ORIGINS: '*' };
    expect(readAll(open).kind).toBe('environment');
    expect(readAll({ ...open, ALLOW_CREDENTIALS: 'true' })).toMatchObject({
      variable: 'ALLOWED_ORIGINS',
    });
  });

  it.each([
    ['./db/keys.db', resolve('db/keys.db')],
    ['sqlite:./db/keys.db', resolve('db/keys.db')],
    ['sqlite:///var/lib/keymux.db', '/var/lib/keymux.db'],
    ['sqlite://keys.db', resolve('keys.db')],
    [':memory:', ':memory:'],
  ])('takes %s as the path of the database', (dsn, path) => {
    expect(read({ DATABASE_DSN: dsn }).databasePath).toBe(path);
  });

  it('takes or refuses any text without an exception', { timeout: 60_000 }, () => {
    const names = environmentReference(settings).map((row) => row.name);
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.string({ unit: 'binary' }), (name, text) => {
        expect(['environment', 'invalid']).toContain(readAll({ [name]: text }).kind);
      }),
      { numRuns: 300 },
    );
  });
});

describe('environmentReference', () => {
  it('has a row for each variable with its default, type and meaning', () => {
    const rows = environmentReference(settings);
    expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
    expect(rows).toContainEqual({
      name: 'PORT',
      fileName: undefined,
      type: '0 to 65535',
      default: '3001',
      help: 'The port of the gateway, the API and the console; 0 takes a free one.',
    });
    expect(rows.find((row) => row.name === 'AUTH_KEY')?.fileName).toBe('AUTH_KEY_FILE');
    expect(rows.find((row) => row.name === 'MAX_RETRIES')?.default).toBe('3');
    for (const row of rows) expect(row.help).not.toBe('');
  });
});

it('takes the replicas of a service from a comma list', () => {
  expect(read({ KEYMANAGER_URL: 'http://a:3002, https://b:1,' }).keymanagerUrls).toEqual([
    'http://a:3002',
    'https://b:1',
  ]);
  expect(read().configUrls).toEqual(['http://config:3002']);
});

it('takes a MongoDB from MONGODB_URL, its file or DATABASE_DSN, and not from two of them', () => {
  const url = 'mongodb://u:hunter2@a,b/keymux?tls=true';
  for (const name of ['MONGODB_URL', 'DATABASE_DSN']) {
    const result = readAll({ [name]: url, DATA_DIR: '/data' });
    if (result.kind === 'invalid') throw new Error(result.message);
    expect(result.environment).toMatchObject({
      mongodbUrl: url,
      databasePath: '/data/keymux.db',
    });
  }
  expect(readAll({ MONGODB_URL: url, DATABASE_DSN: url })).toMatchObject({
    kind: 'invalid',
    variable: 'DATABASE_DSN',
  });
});
