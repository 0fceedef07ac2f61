import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { type Bus, type Calls, portToChild, serveIpcBus } from '@keymux/bus';
import { type Logger, type Service, StartProblem } from '@keymux/service';
import { compileAhead, compileCache } from './compile-cache.ts';
import { WorkerCounters } from './worker-counters.ts';
import { readMessage, type ToParent, type ToWorker, type WorkerBoot } from './worker-messages.ts';

const workerFile = fileURLToPath(new URL('./gateway-worker.ts', import.meta.url));
/** A worker that dies sooner than this after its start is not replaced at once. */
const quickDeathMs = 5_000;
const pauseMs = 1_000;
const metricsTimeoutMs = 2_000;
/** Room for new objects in a worker, twice, MiB: with Node's 16 it idles in 7 MiB more and answers no cheaper. */
const youngMib = 8;

export interface GatewayWorkersDeps {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly log: Logger;
  readonly count: number;
  /** What the worker of a slot (from 1) is told; asked again for each start. */
  readonly boot: (slot: number) => WorkerBoot;
  /** How long a worker may take to stop, ms; then it is killed. */
  readonly stopMs: number;
}

export interface GatewayWorkers extends Service {
  readonly port: number;
  /** Metrics of every worker that answers, and what the others had counted. */
  metrics(): Promise<object[][]>;
}

/**
 * The processes that carry requests. The parent holds the listening socket, so that connections
 * outlive a worker; a worker that dies is replaced in its slot and finds its spool there.
 */
export function createGatewayWorkers(deps: GatewayWorkersDeps): GatewayWorkers {
  const { log, count } = deps;
  const workers = new Map<number, Worker>();
  const counters = new WorkerCounters<Worker>();
  const timers = new Set<NodeJS.Timeout>();
  let stopping = false;
  let port = 0;
  let lastMetricsId = 0;

  const tell = (worker: Worker, message: ToWorker): void => {
    // A worker that ends while it is told something is noticed by its exit.
    if (worker.isConnected()) worker.send({ keymux_worker: message }, () => undefined);
  };

  function fork(slot: number): Promise<number> {
    const worker = cluster.fork({ NODE_COMPILE_CACHE: compileCache, ...process.env });
    const startedMs = performance.now();
    workers.set(slot, worker);
    serveIpcBus(deps, portToChild(worker.process));
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    worker.on('message', (value: unknown) => {
      const message = readMessage<ToParent>(value);
      if (message?.kind === 'ready') resolve(message.port);
      if (message?.kind === 'failed') {
        reject(new StartProblem(message.message));
        worker.process.kill('SIGKILL');
      }
    });
    worker.on('exit', (code, signal) => {
      workers.delete(slot);
      counters.left(worker);
      reject(new StartProblem(`gateway worker ${slot} ended (${signal ?? code})`));
      if (stopping || port === 0) return;
      log.warn({ slot, code, signal }, 'a gateway worker died; starting another');
      const waitMs = performance.now() - startedMs < quickDeathMs ? pauseMs : 0;
      const timer = setTimeout(() => {
        timers.delete(timer);
        fork(slot).catch((error: unknown) =>
          log.error({ err: error, slot }, 'worker not replaced'),
        );
      }, waitMs);
      timers.add(timer);
    });
    tell(worker, { kind: 'boot', boot: deps.boot(slot) });
    return promise;
  }

  /** What a worker answers; null when it does not. */
  function metricsOf(worker: Worker): Promise<object[] | null> {
    lastMetricsId += 1;
    const id = lastMetricsId;
    return new Promise((resolve) => {
      const done = (metrics: object[] | null): void => {
        clearTimeout(timer);
        worker.off('message', onMessage);
        resolve(metrics);
      };
      const onMessage = (value: unknown): void => {
        const message = readMessage<ToParent>(value);
        if (message?.kind !== 'metrics' || message.id !== id) return;
        counters.told(worker, message.metrics);
        done(message.metrics);
      };
      const timer = setTimeout(() => done(null), metricsTimeoutMs);
      worker.on('message', onMessage);
      tell(worker, { kind: 'metrics', id });
    });
  }

  return {
    name: 'gateway workers',
    get port() {
      return port;
    },
    async metrics() {
      const asked = Array.from(workers.values());
      const answers = await Promise.all(asked.map(metricsOf));
      const told = new Map(asked.map((worker, at) => [worker, answers[at]]));
      // One that went meanwhile is among those that are gone.
      const here = Array.from(workers.values(), (each) => told.get(each) ?? counters.of(each));
      return [counters.gone, ...here];
    },
    async start() {
      await compileAhead(workerFile);
      // Workers accept connections themselves: the parent is not in the way of any.
      cluster.schedulingPolicy = cluster.SCHED_NONE;
      cluster.setupPrimary({
        exec: workerFile,
        serialization: 'advanced',
        execArgv: [...process.execArgv, `--max-semi-space-size=${youngMib}`],
      });
      const ports = await Promise.all(Array.from({ length: count }, (_, at) => fork(at + 1)));
      port = ports[0] ?? 0;
    },
    async stop() {
      stopping = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(
        Array.from(workers.values(), async (worker) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          worker.once('exit', () => resolve());
          const timer = setTimeout(() => worker.process.kill('SIGKILL'), deps.stopMs);
          tell(worker, { kind: 'stop' });
          await promise;
          clearTimeout(timer);
        }),
      );
    },
  };
}
