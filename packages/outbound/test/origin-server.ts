import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { loopbackCertificate, loopbackKey } from './loopback-certificate.ts';

/** A server on a free port of the loopback address that knows its connections. */
export interface OriginServer {
  readonly origin: string;
  readonly port: number;
  /** Connections open now. */
  connections(): number;
  close(): Promise<void>;
}

/** Starts an http server, or an https one with the loopback certificate. */
export async function startOrigin(
  listener: RequestListener,
  options: { tls?: true; onServer?: (server: Server) => void } = {},
): Promise<OriginServer> {
  const server: Server =
    options.tls === true
      ? createTlsServer({ cert: loopbackCertificate, key: loopbackKey }, listener)
      : createServer(listener);
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  options.onServer?.(server);
  const port = await listenOnLoopback(server);
  return {
    origin: `${options.tls === true ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    connections: () => open.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** Listens on a free port of 127.0.0.1; resolves to the port. */
export function listenOnLoopback(server: {
  listen(port: number, host: string, ready: () => void): unknown;
  address(): AddressInfo | string | null;
}): Promise<number> {
  return new Promise((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('no port'));
    });
  });
}
