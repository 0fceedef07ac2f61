import { createServer, type Server } from 'node:http';
import { Gauge, Registry } from 'prom-client';
import { StartProblem, type Service } from './lifecycle.ts';
import { listen } from './listen.ts';
import type { Logger } from './logger.ts';

/** Where the parts of one service register what they count. */
export function createMetricsRegistry({ service }: { readonly service: string }): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  return registry;
}

/** A server that carries messages, as this process sees it. */
export interface BusState {
  readonly name: string;
  /** False while it is away or refuses the credentials. */
  readonly isUp: boolean;
}

/** Registers what says of each bus whether it is there. */
export function measureBuses(registry: Registry, buses: readonly BusState[]): void {
  new Gauge({
    name: 'keymux_bus_up',
    help: 'Whether a bus takes messages of this process: 0 while it is away or refuses the credentials.',
    labelNames: ['bus'],
    registers: [registry],
    collect() {
      for (const { name, isUp } of buses) this.set({ bus: name }, isUp ? 1 : 0);
    },
  });
}

/** Registers what says whether a service still has something that only the previous encryption key opens. */
export function measurePreviousKey(
  registry: Registry,
  reencryption: { readonly pending: boolean },
): void {
  new Gauge({
    name: 'keymux_previous_encryption_key_needed',
    help: 'Whether something may be sealed by ENCRYPTION_KEY_PREVIOUS: 0 when all is encrypted anew.',
    registers: [registry],
    collect() {
      this.set(reencryption.pending ? 1 : 0);
    },
  });
}

/** The metrics of a process on a port of their own. */
export interface MetricsServer extends Service {
  /** The port it listens on, once started: another one than asked for when that was 0. */
  readonly port: number;
}

/**
 * Serves what `collect` returns (Prometheus text format) at `/metrics`. A failing `collect` is a 500 and a WARN. The
 * start rejects with {@link StartProblem} when the port is in use.
 */
export function createMetricsServer(options: {
  port: number;
  host: string;
  collect: () => Promise<string>;
  log: Logger;
}): MetricsServer {
  const { port, host, collect, log } = options;
  let server: Server | undefined;
  let boundPort = port;

  async function answer(): Promise<{ status: number; body: string }> {
    try {
      return { status: 200, body: await collect() };
    } catch (error) {
      log.warn({ err: error }, 'metrics could not be collected');
      return { status: 500, body: 'metrics could not be collected; the log says why\n' };
    }
  }

  return {
    name: 'metrics',
    get port() {
      return boundPort;
    },
    async start() {
      server = createServer((req, res) => {
        const [path] = (req.url ?? '').split('?');
        if (path !== '/metrics' || (req.method !== 'GET' && req.method !== 'HEAD')) {
          res.writeHead(404, { 'content-type': 'text/plain' }).end('metrics are at /metrics\n');
          return;
        }
        void answer().then(({ status, body }) => {
          const type = 'text/plain; version=0.0.4; charset=utf-8';
          res.writeHead(status, { 'content-type': type }).end(body);
        });
      });
      const listening = await listen(server, { port, host, variable: 'METRICS_PORT' });
      if (listening.kind === 'problem') throw new StartProblem(listening.message);
      boundPort = listening.port;
    },
    stop() {
      const closing = server;
      server = undefined;
      if (closing === undefined || !closing.listening) return Promise.resolve();
      return new Promise((resolve) => {
        closing.close(() => resolve());
        closing.closeAllConnections();
      });
    },
  };
}
