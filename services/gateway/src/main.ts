import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequestLogBus } from '@keymux/bus';
import { createNats } from '@keymux/bus/nats';
import { createLimitsOverCalls } from '@keymux/coordination';
import { createRedisCoordination } from '@keymux/coordination/redis';
import {
  beginProcess,
  createMetricsServer,
  measureBuses,
  needVariable,
  refuseStart,
  runServices,
  startTracing,
  systemClock,
} from '@keymux/service';
import { createVault } from '@keymux/vault';
import { createGateway } from './service.ts';

/** How long a start waits for the bus before it serves with what it has on disk. */
const patienceMs = 2_000;

const { environment, log } = beginProcess('gateway');
if (environment.gatewayWorkers > 1) {
  refuseStart('GATEWAY_WORKERS: a gateway that runs apart is one process; start more gateways');
}
const source = `gateway-${hostname()}-${environment.port}`;
const vault = createVault(needVariable('ENCRYPTION_KEY', environment.encryptionKey), {
  previous: environment.previousEncryptionKey,
});
const nats = createNats({
  url: needVariable('NATS_URL', environment.natsUrl),
  replicas: environment.natsReplicas,
  name: source,
  clock: systemClock,
  log,
  patienceMs,
});
const requestLogs = await createRequestLogBus({
  environment,
  bus: nats.bus,
  deadLetters: nats.deadLetters,
  name: source,
  log,
  patienceMs,
});
const addresses = {
  config: environment.configUrls,
  keymanager: environment.keymanagerUrls,
  logsink: environment.logsinkUrls,
  validator: environment.validatorUrls,
  edge: [],
};
const coordination =
  environment.redisDsn === undefined
    ? createLimitsOverCalls({ calls: nats.calls, log })
    : createRedisCoordination({ dsn: environment.redisDsn, log });
const { traceExport } = environment;
const gateway = createGateway({
  bus: requestLogs.bus,
  calls: nats.calls,
  coordination,
  tracing:
    traceExport === null ? null : await startTracing(traceExport, { service: 'gateway', log }),
  environment,
  log,
  clock: systemClock,
  random: Math.random,
  vault,
  source,
  instance: vault.fingerprint('this installation').slice(0, 16),
  spoolDirectory: join(environment.dataDir, 'spool'),
  orphanedSpools: [],
  keptDirectory: join(environment.dataDir, 'kept'),
  adminTargets: (owner) => addresses[owner],
  version: '0.1.0',
  consoleFolder: fileURLToPath(new URL('../../../web-admin/dist', import.meta.url)),
});
measureBuses(gateway.registry, [nats, ...requestLogs.states]);
const metrics = createMetricsServer({
  port: environment.metricsPort,
  host: environment.host,
  collect: () => gateway.registry.metrics(),
  log,
});
const { state } = await runServices(
  [nats.service, ...requestLogs.parts, coordination, gateway, metrics],
  {
    log,
    gracefulMs: environment.gracefulShutdownMs,
  },
);
if (state === 'running') log.info(`the gateway serves at port ${gateway.port}`);
