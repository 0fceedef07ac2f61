import { flushCompileCache } from 'node:module';
import { connectIpcBus, portToParent } from '@keymux/bus';
import { type Coordination, createLimitsOverCalls } from '@keymux/coordination';
import { createGateway } from '@keymux/gateway';
import {
  createLogger,
  letHeapGrow,
  type Logger,
  StartProblem,
  startTracing,
  systemClock,
} from '@keymux/service';
import { createVault } from '@keymux/vault';
import { readMessage, type ToParent, type ToWorker, type WorkerBoot } from './worker-messages.ts';

letHeapGrow();

const tell = (message: ToParent): void => void process.send?.({ keymux_worker: message });

// A terminal's Ctrl-C goes to every process; when a worker stops is its parent's decision.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

process.on('message', (value) => {
  const message = readMessage<ToWorker>(value);
  if (message?.kind === 'boot') void run(message.boot);
});

async function run(boot: WorkerBoot): Promise<void> {
  const { environment } = boot;
  const log = createLogger({
    service: boot.source,
    level: environment.logLevel,
    format: environment.logFormat,
    ...(environment.logFile === undefined ? {} : { filePath: environment.logFile }),
  });
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an exception nobody caught');
    process.exit(1);
  });
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'a rejection nobody handled');
    process.exit(1);
  });
  const { bus, calls } = connectIpcBus(portToParent(process));
  const coordination =
    environment.redisDsn === undefined
      ? createLimitsOverCalls({ calls, log })
      : await overRedis(environment.redisDsn, log);
  const { traceExport } = environment;
  const gateway = createGateway({
    coordination,
    tracing:
      traceExport === null ? null : await startTracing(traceExport, { service: 'gateway', log }),
    bus,
    calls,
    log,
    environment,
    clock: systemClock,
    random: Math.random,
    vault: createVault(boot.encryptionKey, { previous: boot.previousEncryptionKey ?? undefined }),
    source: boot.source,
    instance: boot.instance,
    spoolDirectory: boot.spoolDirectory,
    orphanedSpools: boot.orphanedSpools,
    // Its parent answers whenever it starts.
    keptDirectory: null,
    adminTargets: () => [boot.adminTarget],
    version: boot.version,
    consoleFolder: boot.consoleFolder,
  });
  process.on('message', (value) => {
    const message = readMessage<ToWorker>(value);
    if (message?.kind === 'stop') {
      void gateway
        .stop()
        .then(() => coordination.stop())
        .then(() => process.exit(0));
    }
    if (message?.kind === 'metrics') {
      const { id } = message;
      void gateway.registry
        .getMetricsAsJSON()
        .then((metrics) => tell({ kind: 'metrics', id, metrics }));
    }
  });
  try {
    await coordination.start();
    await gateway.start();
    tell({ kind: 'ready', port: gateway.port });
    // What was compiled anew, after an update of Keymux, is kept even when this worker is killed.
    flushCompileCache();
  } catch (error) {
    if (!(error instanceof StartProblem)) log.fatal({ err: error }, 'the gateway cannot start');
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

// A worker without Redis need not hold its client.
async function overRedis(dsn: string, log: Logger): Promise<Coordination> {
  const { createRedisCoordination } = await import('@keymux/coordination/redis');
  return createRedisCoordination({ dsn, log });
}
