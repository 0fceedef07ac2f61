import { createServer } from 'node:http';
import type { Router } from 'express';
import { createAdminApp } from './admin-http.ts';
import type { Health } from './health.ts';
import { type Service, StartProblem } from './lifecycle.ts';
import { listen } from './listen.ts';
import type { Logger } from './logger.ts';

export interface AdminServer extends Service {
  /** The port it listens on, once started. */
  readonly port: number;
}

/** Serves a service's part of the admin API, and `/healthz` and `/readyz` where it has a health of its own. */
export function createAdminServer(options: {
  readonly routers: readonly Router[];
  readonly log: Logger;
  readonly port: number;
  readonly host: string;
  /** What the port comes from. */
  readonly variable: string;
  readonly health?: Health;
}): AdminServer {
  const { routers, log, health, ...at } = options;
  const app = createAdminApp([...routers], { log });
  const server = createServer((req, res) => {
    const path = req.url?.split('?', 1)[0];
    if (health === undefined || (path !== '/healthz' && path !== '/readyz')) {
      app(req, res);
      return;
    }
    const { ready, reasons } = health.readiness();
    const up = path === '/healthz';
    res.writeHead(up || ready ? 200 : 503, { 'content-type': 'application/json' });
    res.end(
      JSON.stringify(up ? { status: 'ok' } : { status: ready ? 'ready' : 'not ready', reasons }),
    );
  });
  let port = at.port;
  return {
    name: 'admin api',
    get port() {
      return port;
    },
    async start() {
      const listening = await listen(server, at);
      if (listening.kind === 'problem') throw new StartProblem(listening.message);
      port = listening.port;
    },
    async stop() {
      health?.drain();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
