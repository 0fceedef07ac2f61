import { createServer } from 'node:http';
import { edgeOperations, operations } from '@keymux/contracts';
import {
  type AdminAuth,
  createAdminApp,
  createAdminRouter,
  listen,
  type Logger,
  openApiDocument,
  type Service,
  StartProblem,
} from '@keymux/service';
import type { Router } from 'express';

export interface AdminServer extends Service {
  /** Where the edge finds it: a port on loopback that nobody else is told of. */
  readonly address: string;
}

/** The admin API of every control service on one loopback port. */
export function createAdminServer(deps: {
  readonly routers: readonly Router[];
  readonly auth: AdminAuth;
  readonly log: Logger;
  readonly version: string;
}): AdminServer {
  const { auth, log } = deps;
  const document = openApiDocument(operations, { version: deps.version });
  const own = createAdminRouter({
    operations: edgeOperations,
    handlers: { openApi: () => Promise.resolve({ status: 200, body: document }) },
    auth,
    log,
  });
  const server = createServer(createAdminApp([own, ...deps.routers], { log }));
  let address = '';
  return {
    name: 'admin api',
    get address() {
      return address;
    },
    async start() {
      const listening = await listen(server, { port: 0, host: '127.0.0.1', variable: 'HOST' });
      if (listening.kind === 'problem') throw new StartProblem(listening.message);
      address = `http://127.0.0.1:${listening.port}`;
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
