/** What must stand in no object but a Secret. */
export const clearTexts = {
  AUTH_KEY: 'admin-0123456789abcdef0123456789abcdef',
  ENCRYPTION_KEY: 'encryption-0123456789abcdef01234567',
  ENCRYPTION_KEY_PREVIOUS: 'previous-0123456789abcdef0123456789',
  PROXY_KEYS: 'pk-0123456789abcdef',
  NATS_URL: 'nats://keymux:nats-password@nats:4222',
  MONGODB_URL: 'mongodb://keymux:mongodb-password@mongodb:27017/keymux',
  REDIS_DSN: 'redis://keymux:redis-password@redis:6379/0',
  KAFKA_BROKERS: 'kafka://keymux:kafka-password@kafka:9092',
} as const;

/** The least that services apart need. */
export const leastApart = {
  mode: 'distributed',
  secrets: { authKey: clearTexts.AUTH_KEY, encryptionKey: clearTexts.ENCRYPTION_KEY },
  nats: { url: clearTexts.NATS_URL },
} as const;

const extras = {
  imagePullSecrets: [{ name: 'registry' }],
  image: { repository: 'registry.example.com/keymux', digest: `sha256:${'0'.repeat(64)}` },
  appUrl: 'https://keymux.example.com',
  env: { MAX_RETRIES: 2, SPOOL_LIMIT_BYTES: 5_368_709_120, HEADROOM: false, LOG_LEVEL: 'warn' },
  extraEnv: [
    { name: 'HTTPS_PROXY', valueFrom: { secretKeyRef: { name: 'outbound', key: 'address' } } },
    { name: 'NODE_EXTRA_CA_CERTS', value: '/etc/keymux/ca.crt' },
  ],
  extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
  extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/keymux', readOnly: true }],
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  podAnnotations: { 'example.com/team': 'ai' },
  podLabels: { team: 'ai' },
  priorityClassName: 'high',
  service: { type: 'LoadBalancer', annotations: { 'example.com/internal': 'true' } },
  ingress: {
    enabled: true,
    className: 'nginx',
    annotations: { 'nginx.ingress.kubernetes.io/proxy-buffering': 'off' },
    hosts: ['keymux.example.com'],
    tls: [{ secretName: 'keymux-tls', hosts: ['keymux.example.com'] }],
  },
  networkPolicy: {
    enabled: true,
    gatewayFrom: [{ namespaceSelector: {} }],
    metricsFrom: [{ podSelector: { matchLabels: { app: 'prometheus' } } }],
  },
  podMonitor: { enabled: true, labels: { release: 'prometheus' } },
  serviceAccount: { annotations: { 'example.com/role': 'none' } },
} as const;

/** Values to render the chart with, by what they are. */
export const houses = {
  standalone: {},
  'standalone with everything on': {
    ...extras,
    secrets: {
      authKey: clearTexts.AUTH_KEY,
      encryptionKey: clearTexts.ENCRYPTION_KEY,
      encryptionKeyPrevious: clearTexts.ENCRYPTION_KEY_PREVIOUS,
      proxyKeys: clearTexts.PROXY_KEYS,
    },
    nats: { url: clearTexts.NATS_URL },
    redis: { dsn: clearTexts.REDIS_DSN },
    standalone: { persistence: { storageClass: 'fast', annotations: { 'example.com/kept': 'y' } } },
  },
  distributed: leastApart,
  'distributed with everything on': {
    ...extras,
    mode: 'distributed',
    secrets: {
      authKey: clearTexts.AUTH_KEY,
      encryptionKey: clearTexts.ENCRYPTION_KEY,
      encryptionKeyPrevious: clearTexts.ENCRYPTION_KEY_PREVIOUS,
      proxyKeys: clearTexts.PROXY_KEYS,
    },
    nats: { url: clearTexts.NATS_URL, replicas: 3 },
    mongodb: { url: clearTexts.MONGODB_URL },
    redis: { dsn: clearTexts.REDIS_DSN },
    kafka: { brokers: clearTexts.KAFKA_BROKERS, replicas: 3 },
    gateway: { autoscaling: { enabled: true }, nodeSelector: { pool: 'gateways' } },
    keymanager: { replicas: 2 },
    logsink: { replicas: 2, extraEnv: [{ name: 'TZ', value: 'Europe/Berlin' }] },
    validator: { replicas: 2 },
  },
  'distributed with Secrets of others': {
    mode: 'distributed',
    secrets: { existingSecret: 'keymux-keys' },
    nats: { existingSecret: 'nats-user', existingSecretKey: 'url' },
    mongodb: { existingSecret: 'mongodb-user' },
    redis: { existingSecret: 'redis-user' },
    kafka: { existingSecret: 'kafka-user' },
  },
} as const;
