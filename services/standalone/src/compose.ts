import { readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  createInProcessBus,
  createInProcessCalls,
  createSqliteDeadLetters,
  deadLetterMigrations,
} from '@keymux/bus';
import { createNats } from '@keymux/bus/nats';
import { createConfig } from '@keymux/config';
import { answerLimits, createInProcessCoordination } from '@keymux/coordination';
import { createRedisCoordination } from '@keymux/coordination/redis';
import { createSqliteEventStore, eventStoreMigrations } from '@keymux/event-store';
import { createKeymanager, createSqliteKeyStore, keymanagerMigrations } from '@keymux/keymanager';
import { createLogsink, createLogStore } from '@keymux/logsink';
import { createOutbound } from '@keymux/outbound';
import {
  createAdminAuth,
  createMetricsServer,
  type Environment,
  type Logger,
  measureBuses,
  measurePreviousKey,
  migrate,
  openDatabase,
  type Service,
  sessionTtlMs,
  systemClock,
} from '@keymux/service';
import { createAdminServer } from '@keymux/service/admin';
import { createValidator } from '@keymux/validator';
import { createReencryption, createVault } from '@keymux/vault';
import { AggregatorRegistry } from 'prom-client';
import { createGatewayWorkers } from './gateway-workers.ts';
import type { Secrets } from './secrets.ts';
import { welcome } from './welcome.ts';

/** What a worker may take beyond the graceful time for flushing its outbox. */
const flushMs = 4_000;

export type Composed =
  | { readonly kind: 'composed'; readonly services: readonly Service[]; welcome(): string }
  | { readonly kind: 'problem'; readonly message: string };

/** All of Keymux on one machine: the control services in this process, the gateways in others. */
export function compose(deps: {
  readonly environment: Environment;
  readonly secrets: Extract<Secrets, { kind: 'secrets' }>;
  readonly log: Logger;
  readonly version: string;
  /** Where the built console is. */
  readonly consoleFolder: string;
}): Composed {
  const { environment, secrets, log } = deps;
  if (environment.mongodbUrl !== undefined) {
    const message =
      'MONGODB_URL: this program keeps its data in SQLite; services that run apart share a MongoDB';
    return { kind: 'problem', message };
  }
  if (environment.requestLogBus === 'kafka') {
    const message =
      'REQUEST_LOG_BUS: this program carries request logs itself; services that run apart may send them over Kafka';
    return { kind: 'problem', message };
  }
  const opened = openDatabase(environment.databasePath);
  if (opened.kind !== 'open') return { kind: 'problem', message: opened.message };
  const { db } = opened;
  const migrations = [...eventStoreMigrations, ...keymanagerMigrations, ...deadLetterMigrations];
  const migrated = migrate(db, migrations);
  if (migrated.kind !== 'migrated') return { kind: 'problem', message: migrated.message };

  const clock = systemClock;
  const previous = secrets.previousKey;
  const vault = createVault(secrets.encryptionKey, { previous: previous?.secret });
  const auth = createAdminAuth({ authKey: secrets.authKey, clock, sessionTtlMs });
  const nats =
    environment.natsUrl === undefined
      ? null
      : createNats({
          url: environment.natsUrl,
          replicas: environment.natsReplicas,
          name: 'keymux',
          clock,
          log,
        });
  const deadLetters = nats?.deadLetters ?? createSqliteDeadLetters({ db, clock, log });
  const bus =
    nats?.bus ??
    createInProcessBus({
      deadLetters,
      followerFailed: (error) => log.error({ err: error }, 'a follower of the bus failed'),
    });
  const calls = nats?.calls ?? createInProcessCalls();
  const store = createSqliteEventStore(db);
  const outbound = createOutbound({
    environment: {
      httpProxy: environment.httpProxy ?? '',
      httpsProxy: environment.httpsProxy ?? '',
      noProxy: environment.noProxy.join(','),
    },
    forbidPrivate: environment.forbidPrivateUpstreams,
  });
  const coordination =
    environment.redisDsn === undefined
      ? createInProcessCoordination()
      : createRedisCoordination({ dsn: environment.redisDsn, log });
  answerLimits({ calls, limits: coordination.limits });
  const shared = { bus, calls, vault, auth, log, clock, coordination };
  const config = createConfig({
    ...shared,
    store,
    environmentSettings: environment.settings,
    forbidPrivate: environment.forbidPrivateUpstreams,
  });
  const { dataDir } = environment;
  const keyStore = createSqliteKeyStore({ db, events: store, vault, clock, dataDir });
  const keymanager = createKeymanager({ ...shared, keyStore });
  const logs = createLogStore({ kind: 'directory', path: join(dataDir, 'logs') }, { log });
  const logsink = createLogsink({ ...shared, store: logs, deadLetters });
  const validator = createValidator({ ...shared, outbound, random: Math.random });
  const control = [config, keymanager, logsink, validator];
  const admin = createAdminServer({
    routers: control.map((each) => each.router),
    log,
    // Loopback, and a port that nobody else is told of.
    port: 0,
    host: '127.0.0.1',
    variable: 'HOST',
  });
  const spools = join(environment.dataDir, 'spool');
  const workers = createGatewayWorkers({
    bus,
    calls,
    log,
    count: environment.gatewayWorkers,
    stopMs: environment.gracefulShutdownMs + flushMs,
    boot: (slot) => ({
      environment,
      encryptionKey: secrets.encryptionKey,
      previousEncryptionKey: previous?.secret ?? null,
      source: `gateway-${slot}`,
      instance: vault.fingerprint('this installation').slice(0, 16),
      spoolDirectory: join(spools, `gateway-${slot}`),
      orphanedSpools: slot === 1 ? orphans(spools, environment.gatewayWorkers) : [],
      adminTarget: `http://127.0.0.1:${admin.port}`,
      version: deps.version,
      consoleFolder: deps.consoleFolder,
    }),
  });
  const metrics = createMetricsServer({
    port: environment.metricsPort,
    host: environment.host,
    log,
    collect: async () => {
      const gateways = AggregatorRegistry.aggregate(await workers.metrics());
      const registries = [gateways, ...control.map((each) => each.registry)];
      return (await Promise.all(registries.map((each) => each.metrics()))).join('');
    },
  });
  if (nats !== null) measureBuses(config.registry, [nats]);
  const reencryption = createReencryption({
    vault,
    log,
    reseals: [
      () => config.reseal().then(() => 'done' as const),
      () => keymanager.reseal('system').then(({ state }) => (state === 'done' ? 'done' : 'failed')),
    ],
    done() {
      if (previous === null) return;
      if (previous.file === null) {
        log.info('everything is encrypted anew: ENCRYPTION_KEY_PREVIOUS is needed no more');
      } else {
        unlinkSync(previous.file);
        log.info('everything is encrypted anew: the previous encryption key is gone');
      }
    },
  });
  measurePreviousKey(config.registry, reencryption);
  const foundation: Service = {
    name: 'store and bus',
    async start(stopping) {
      await nats?.service.start(stopping);
      await coordination.start();
    },
    async stop() {
      await coordination.stop();
      await bus.close();
      await calls.close();
      await nats?.service.stop();
      await outbound.destroy();
      db.close();
    },
  };
  return {
    kind: 'composed',
    services: [foundation, ...control, admin, metrics, workers, reencryption],
    welcome: () =>
      welcome({
        port: workers.port,
        authKey: secrets.newAuthKey ? secrets.authKey : null,
        proxyKey: config.newProxyKey,
        dataDir: environment.dataDir,
        format: environment.logFormat,
      }),
  };
}

/** Spools of gateways that there are no longer so many of. */
function orphans(spools: string, workers: number): string[] {
  try {
    return readdirSync(spools)
      .filter((name) => Number(/^gateway-(\d+)$/.exec(name)?.[1] ?? 0) > workers)
      .map((name) => join(spools, name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
