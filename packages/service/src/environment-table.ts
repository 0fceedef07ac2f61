import { availableParallelism } from 'node:os';
import { checkMongoUrl, parseDatabaseDsn } from './database-dsn.ts';
import {
  addresses,
  checkCidr,
  checkOrigin,
  checkTimeZone,
  flag,
  integer,
  integerOrAuto,
  list,
  oneOf,
  optional,
  parseAddress,
  seconds,
  text,
} from './environment-variable.ts';
import { logLevels } from './logger.ts';

function checkProxy(address: string): string | undefined {
  const parsed = parseAddress(address, ['http', 'https', 'socks5']);
  return parsed.kind === 'wrong' ? parsed.message : undefined;
}

function checkRedis(address: string): string | undefined {
  const parsed = parseAddress(address, ['redis', 'rediss']);
  if (parsed.kind === 'wrong') return parsed.message;
  const { pathname, search } = new URL(address);
  return /^(\/\d{0,5})?$/.test(pathname) && search === ''
    ? undefined
    : 'must end in the host, its port or the number of a database, such as redis://example.com:6379/0';
}

function checkKey(key: string): string | undefined {
  return /^[\x21-\x7e]{1,1000}$/.test(key)
    ? undefined
    : 'must be printable ASCII without spaces, since it travels in a header';
}

function checkNats(addresses: string): string | undefined {
  for (const address of addresses.split(',')) {
    const parsed = parseAddress(address.trim(), ['nats', 'tls']);
    if (parsed.kind === 'wrong') return parsed.message;
  }
  return undefined;
}

function checkKafka(brokers: string): string | undefined {
  return /^(kafkas?:\/\/)?[^/?]+\/?(\?.*)?$/.test(brokers)
    ? undefined
    : 'must be an address such as kafka://example.com:9092';
}

function checkTopicPrefix(prefix: string): string | undefined {
  return /^[\w.-]{1,200}$/.test(prefix)
    ? undefined
    : 'must be letters, digits, dots, dashes and underscores';
}

const serviceUrls = (service: string) =>
  addresses(`${service.toUpperCase()}_URL`, {
    default: `http://${service}:3002`,
    schemes: ['http', 'https'],
    help: `Where gateways that run apart find the ${service}'s part of the API: each of its replicas, or one that stands before them.`,
  });

function checkDsn(dsn: string): string | undefined {
  const parsed = parseDatabaseDsn(dsn);
  return parsed.kind === 'wrong' ? parsed.message : undefined;
}

/** Every environment variable but the settings: one row gives its type, default, range, check and documentation. */
export const environmentTable = {
  port: integer(
    'PORT',
    { default: 3001, min: 0, max: 65_535 },
    { help: 'The port of the gateway, the API and the console; 0 takes a free one.' },
  ),
  host: text('HOST', { default: '0.0.0.0', help: 'The address to listen on.' }),
  serverReadTimeoutMs: seconds(
    'SERVER_READ_TIMEOUT',
    { default: 60, min: 1, max: 86_400 },
    { help: 'Longest time for reading a request.' },
  ),
  serverWriteTimeoutMs: seconds(
    'SERVER_WRITE_TIMEOUT',
    { default: 600, min: 1, max: 86_400 },
    { help: 'Longest time a client may take no bytes; never a cap on a live stream.' },
  ),
  serverIdleTimeoutMs: seconds(
    'SERVER_IDLE_TIMEOUT',
    { default: 120, min: 1, max: 86_400 },
    { help: 'How long an unused client connection is kept.' },
  ),
  gracefulShutdownMs: seconds(
    'SERVER_GRACEFUL_SHUTDOWN_TIMEOUT',
    { default: 10, min: 0, max: 3600 },
    { help: 'How long running requests may go on after a stop was asked for.' },
  ),
  isSlave: flag('IS_SLAVE', { help: 'Starts a gateway alone, joined to the bus at NATS_URL.' }),
  servicePort: integer(
    'SERVICE_PORT',
    { default: 3002, min: 0, max: 65_535 },
    { help: 'The port of a service that runs apart: its part of the API, for gateways only.' },
  ),
  configUrls: serviceUrls('config'),
  keymanagerUrls: serviceUrls('keymanager'),
  logsinkUrls: serviceUrls('logsink'),
  validatorUrls: serviceUrls('validator'),
  timeZone: optional('TZ', {
    type: 'time zone',
    defaultText: "the machine's",
    check: checkTimeZone,
    help: 'The time zone of text logs.',
  }),
  authKey: optional('AUTH_KEY', {
    type: 'text',
    defaultText: 'made at first start',
    secret: true,
    check: checkKey,
    help: 'The key that admins log in with.',
  }),
  encryptionKey: optional('ENCRYPTION_KEY', {
    type: 'text',
    defaultText: 'made at first start',
    secret: true,
    help: 'What upstream keys are encrypted with at rest; long and random.',
  }),
  previousEncryptionKey: optional('ENCRYPTION_KEY_PREVIOUS', {
    type: 'text',
    secret: true,
    help: 'The ENCRYPTION_KEY before this one, until everything is encrypted anew.',
  }),
  databaseDsn: optional('DATABASE_DSN', {
    type: 'path, sqlite:path or mongodb address',
    defaultText: 'DATA_DIR/keymux.db',
    secret: true,
    check: checkDsn,
    help: 'The SQLite file that holds keys, groups and settings; or a MongoDB, as MONGODB_URL.',
  }),
  mongodbUrl: optional('MONGODB_URL', {
    type: 'mongodb or mongodb+srv address',
    secret: true,
    check: checkMongoUrl,
    help: 'The MongoDB that services which run apart share, with credentials and TLS as its driver reads them.',
  }),
  natsUrl: optional('NATS_URL', {
    type: 'nats:// or tls:// addresses of one cluster, comma separated',
    secret: true,
    check: checkNats,
    help: 'The message bus between services that run apart.',
  }),
  natsReplicas: integer(
    'NATS_REPLICAS',
    { default: 1, min: 1, max: 5 },
    { help: 'Copies that a NATS cluster keeps of each stream.' },
  ),
  redisDsn: optional('REDIS_DSN', {
    type: 'redis or rediss address',
    secret: true,
    check: checkRedis,
    help: 'A Redis server, redis://user:password@host:6379/0, through which instances share limits, leases and the login throttle; one database an installation.',
  }),
  requestLogBus: oneOf('REQUEST_LOG_BUS', ['nats', 'kafka'], {
    default: 'nats',
    help: 'Which bus carries request logs from gateways to logsinks that run apart; the same for all of them.',
  }),
  kafkaBrokers: optional('KAFKA_BROKERS', {
    type: 'kafka:// or kafkas:// address, several hosts comma separated',
    secret: true,
    check: checkKafka,
    help: 'The Kafka brokers of REQUEST_LOG_BUS=kafka, kafkas://user:password@host:9092; kafkas is over TLS.',
  }),
  kafkaTopicPrefix: text('KAFKA_TOPIC_PREFIX', {
    default: 'keymux',
    check: checkTopicPrefix,
    help: 'What the names of topics begin with; one an installation.',
  }),
  kafkaPartitions: integer(
    'KAFKA_PARTITIONS',
    { default: 12, min: 1, max: 1000 },
    { help: 'Partitions of the topic; as many logsinks can share its messages.' },
  ),
  kafkaReplicas: integer(
    'KAFKA_REPLICAS',
    { default: 1, min: 1, max: 7 },
    { help: 'Copies that the brokers keep of the topic.' },
  ),
  dataDir: text('DATA_DIR', {
    default: './data',
    help: 'The folder of the database, the request logs, the spool and the generated secrets.',
  }),
  gatewayWorkers: integerOrAuto(
    'GATEWAY_WORKERS',
    { default: 1, min: 1, max: 1024, auto: availableParallelism },
    { help: 'How many processes carry requests; auto is one a core.' },
  ),
  maxConcurrentRequests: integer(
    'MAX_CONCURRENT_REQUESTS',
    { default: 100, min: 1, max: 1_000_000 },
    { help: 'Most requests a worker carries at once; more are answered 503.' },
  ),
  spoolLimitBytes: integer(
    'SPOOL_LIMIT_BYTES',
    { default: 1024 ** 3, min: 1024 ** 2, max: 1024 ** 5 },
    { help: 'Most bytes of outcomes and logs a gateway keeps while the bus is away.' },
  ),
  trustedProxies: list('TRUSTED_PROXIES', {
    type: 'comma list of addresses or CIDR blocks',
    check: checkCidr,
    help: 'Proxies whose X-Forwarded-For is believed.',
  }),
  forbidPrivateUpstreams: flag('FORBID_PRIVATE_UPSTREAMS', {
    help: 'Refuses upstreams and outbound proxies with private or link-local addresses.',
  }),
  enableCors: flag('ENABLE_CORS', { help: 'Answers browsers of other origins.' }),
  allowedOrigins: list('ALLOWED_ORIGINS', {
    type: 'comma list of origins, or *',
    check: checkOrigin,
    help: 'Origins that may call, with ENABLE_CORS.',
  }),
  allowedMethods: list('ALLOWED_METHODS', {
    type: 'comma list',
    default: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    help: 'Methods that they may use.',
  }),
  allowedHeaders: list('ALLOWED_HEADERS', {
    type: 'comma list, or *',
    default: ['*'],
    help: 'Headers that they may send.',
  }),
  allowCredentials: flag('ALLOW_CREDENTIALS', { help: 'Whether they may send cookies.' }),
  logLevel: oneOf('LOG_LEVEL', logLevels, { default: 'info', help: 'The least level logged.' }),
  logFormat: oneOf('LOG_FORMAT', ['text', 'json'], { default: 'text', help: 'How a line looks.' }),
  logEnableFile: flag('LOG_ENABLE_FILE', { help: 'Also writes the log to a file, rotated.' }),
  logFilePath: optional('LOG_FILE_PATH', {
    type: 'path',
    defaultText: 'DATA_DIR/keymux.log',
    help: 'That file.',
  }),
  metricsPort: integer(
    'METRICS_PORT',
    { default: 9464, min: 0, max: 65_535 },
    { help: 'The port of /metrics; 0 takes a free one.' },
  ),
  httpProxy: optional('HTTP_PROXY', {
    type: 'http, https or socks5 address',
    secret: true,
    aliases: ['http_proxy'],
    check: checkProxy,
    help: 'The proxy for upstreams with http addresses.',
  }),
  httpsProxy: optional('HTTPS_PROXY', {
    type: 'http, https or socks5 address',
    secret: true,
    aliases: ['https_proxy'],
    check: checkProxy,
    help: 'The proxy for upstreams with https addresses.',
  }),
  noProxy: list('NO_PROXY', {
    type: 'comma list of hosts',
    aliases: ['no_proxy'],
    help: 'Upstream hosts that are reached without a proxy.',
  }),
};
