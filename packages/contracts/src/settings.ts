/** How a setting's value is written, checked and shown. */
export type SettingType = 'integer' | 'boolean' | 'string';

/** One declaration gives a setting its type, default, range, API schema, form field and documentation row. */
export interface Setting {
  readonly name: SettingName;
  readonly title: string;
  readonly help: string;
  readonly section: 'gateway' | 'keys' | 'logs';
  readonly type: SettingType;
  readonly default: number | boolean | string;
  readonly min?: number;
  readonly max?: number;
  /** `url` and `proxy-url` are checked as addresses, `secret-list` is a comma list that is never shown in logs. */
  readonly format?: 'url' | 'proxy-url' | 'secret-list';
  readonly groupOverridable: boolean;
}

/** Values of all settings; names end in their unit where they have one. */
export interface SettingValues {
  app_url: string;
  proxy_keys: string;
  request_log_retention_days: number;
  request_log_write_interval_minutes: number;
  enable_request_body_logging: boolean;
  request_timeout: number;
  connect_timeout: number;
  idle_conn_timeout: number;
  response_header_timeout: number;
  first_byte_timeout: number;
  stream_idle_timeout: number;
  max_idle_conns: number;
  max_idle_conns_per_host: number;
  proxy_url: string;
  max_retries: number;
  blacklist_threshold: number;
  key_rpm_limit: number;
  key_concurrency_limit: number;
  proxy_key_rpm_limit: number;
  headroom: boolean;
  key_validation_interval_minutes: number;
  key_validation_concurrency: number;
  key_validation_timeout_seconds: number;
  outcome_retention_days: number;
}
export type SettingName = keyof SettingValues;

/** Settings that a group may override. */
export type GroupConfig = Partial<
  Omit<
    SettingValues,
    | 'app_url'
    | 'proxy_keys'
    | 'request_log_retention_days'
    | 'request_log_write_interval_minutes'
    | 'outcome_retention_days'
  >
>;

const seconds = (name: SettingName, title: string, fallback: number, help: string): Setting => ({
  name,
  title,
  help,
  section: 'gateway',
  type: 'integer',
  default: fallback,
  min: 1,
  max: 86_400,
  groupOverridable: true,
});

/** Every setting, in the order of the design's table. */
export const settings: readonly Setting[] = [
  {
    name: 'app_url',
    title: 'Address of Keymux',
    help: 'The address clients use; shown in endpoints and snippets. Until it is set, they show the address that was asked.',
    section: 'gateway',
    type: 'string',
    default: 'http://localhost:3001',
    format: 'url',
    groupOverridable: false,
  },
  {
    name: 'proxy_keys',
    title: 'Global proxy keys',
    help: 'Comma list of keys that clients may present for any group; generated at first start.',
    section: 'gateway',
    type: 'string',
    default: '',
    format: 'secret-list',
    groupOverridable: false,
  },
  {
    name: 'request_log_retention_days',
    title: 'Days request logs are kept',
    help: 'Older logs are dropped by the day; 0 keeps all.',
    section: 'logs',
    type: 'integer',
    default: 7,
    min: 0,
    max: 3650,
    groupOverridable: false,
  },
  {
    name: 'request_log_write_interval_minutes',
    title: 'Longest wait of a log row (minutes)',
    help: 'The longest a row waits before it can be queried; batches also go at 1,000 rows; 0 writes at once.',
    section: 'logs',
    type: 'integer',
    default: 1,
    min: 0,
    max: 60,
    groupOverridable: false,
  },
  {
    name: 'enable_request_body_logging',
    title: 'Log request bodies',
    help: 'Keeps request bodies (up to 64 KiB each) in the log; they may hold private data.',
    section: 'logs',
    type: 'boolean',
    default: false,
    groupOverridable: true,
  },
  seconds(
    'request_timeout',
    'Request timeout (seconds)',
    600,
    'Bounds a non-streaming request over all its attempts.',
  ),
  seconds(
    'connect_timeout',
    'Connect timeout (seconds)',
    15,
    'Longest wait for a connection to an upstream.',
  ),
  seconds(
    'idle_conn_timeout',
    'Idle connection timeout (seconds)',
    120,
    'How long an unused upstream connection is kept.',
  ),
  seconds(
    'response_header_timeout',
    'Response header timeout (seconds)',
    600,
    'Longest wait for the response headers of an upstream.',
  ),
  seconds(
    'first_byte_timeout',
    'First byte timeout (seconds)',
    120,
    'Longest wait from response headers to the first byte of the body.',
  ),
  seconds(
    'stream_idle_timeout',
    'Stream idle timeout (seconds)',
    300,
    'Longest silence inside a response body.',
  ),
  {
    name: 'max_idle_conns',
    title: 'Connections',
    help: 'Most upstream connections a worker keeps, all hosts together.',
    section: 'gateway',
    type: 'integer',
    default: 100,
    min: 1,
    max: 100_000,
    groupOverridable: true,
  },
  {
    name: 'max_idle_conns_per_host',
    title: 'Connections per host',
    help: 'Most idle upstream connections a worker keeps per host.',
    section: 'gateway',
    type: 'integer',
    default: 50,
    min: 1,
    max: 100_000,
    groupOverridable: true,
  },
  {
    name: 'proxy_url',
    title: 'Outbound proxy',
    help: 'http, https or socks5 proxy for upstream requests; empty uses HTTP_PROXY, HTTPS_PROXY and NO_PROXY.',
    section: 'gateway',
    type: 'string',
    default: '',
    format: 'proxy-url',
    groupOverridable: true,
  },
  {
    name: 'max_retries',
    title: 'Retries',
    help: 'Most further attempts of a request, with other keys or upstreams.',
    section: 'keys',
    type: 'integer',
    default: 3,
    min: 0,
    max: 100,
    groupOverridable: true,
  },
  {
    name: 'blacklist_threshold',
    title: 'Blacklist threshold',
    help: 'Consecutive failures after which a key is blacklisted; 0 never blacklists.',
    section: 'keys',
    type: 'integer',
    default: 3,
    min: 0,
    max: 1000,
    groupOverridable: true,
  },
  {
    name: 'key_rpm_limit',
    title: 'Requests a minute per key',
    help: 'Most requests that a key is used for in any minute, over all gateways; it is passed over then. 0 is no limit.',
    section: 'keys',
    type: 'integer',
    default: 0,
    min: 0,
    max: 1_000_000,
    groupOverridable: true,
  },
  {
    name: 'key_concurrency_limit',
    title: 'Requests at once per key',
    help: 'Most requests that a key is used for at the same time, over all gateways; it is passed over then. 0 is no limit.',
    section: 'keys',
    type: 'integer',
    default: 0,
    min: 0,
    max: 100_000,
    groupOverridable: true,
  },
  {
    name: 'proxy_key_rpm_limit',
    title: 'Requests a minute per proxy key',
    help: 'Most requests of one proxy key to one group in any minute, over all gateways; more are answered 429. 0 is no limit.',
    section: 'gateway',
    type: 'integer',
    default: 0,
    min: 0,
    max: 1_000_000,
    groupOverridable: true,
  },
  {
    name: 'headroom',
    title: 'Mind what remains of keys',
    help: 'Passes over keys whose provider says that their limit is nearly used up, while others have room.',
    section: 'keys',
    type: 'boolean',
    default: true,
    groupOverridable: true,
  },
  {
    name: 'key_validation_interval_minutes',
    title: 'Probe interval (minutes)',
    help: 'How often a blacklisted key is probed.',
    section: 'keys',
    type: 'integer',
    default: 60,
    min: 1,
    max: 43_200,
    groupOverridable: true,
  },
  {
    name: 'key_validation_concurrency',
    title: 'Probes at once',
    help: 'Most probes of a group that run at the same time.',
    section: 'keys',
    type: 'integer',
    default: 10,
    min: 1,
    max: 1000,
    groupOverridable: true,
  },
  {
    name: 'key_validation_timeout_seconds',
    title: 'Probe timeout (seconds)',
    help: 'Longest wait for the answer to a probe.',
    section: 'keys',
    type: 'integer',
    default: 20,
    min: 1,
    max: 600,
    groupOverridable: true,
  },
  {
    name: 'outcome_retention_days',
    title: 'Days outcomes are kept',
    help: 'What attempts brought is kept so long for what-if; 0 keeps nothing of it.',
    section: 'keys',
    type: 'integer',
    default: 7,
    min: 0,
    max: 365,
    groupOverridable: false,
  },
];
