import { request, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { OutboundError } from './outbound-error.ts';
import { describeProxy, hostAndPort, proxyAuthorization, type ProxyAddress } from './proxy-url.ts';

/** Asks an http proxy, reached by `socket`, for a connection to `host` and `port` (RFC 9110, CONNECT). */
export function openHttpTunnel(
  socket: Socket,
  proxy: ProxyAddress,
  destination: { host: string; port: number },
  signal: AbortSignal,
): Promise<Socket> {
  const authority = hostAndPort(destination.host, destination.port);
  const authorization = proxyAuthorization(proxy);
  return new Promise((resolve, reject) => {
    const asking = request({
      createConnection: () => socket,
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        connection: 'keep-alive',
        ...(authorization === null ? {} : { 'proxy-authorization': authorization }),
      },
    });
    const onAbort = () => {
      asking.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    asking.once('connect', (answer, tunnel, head) => {
      signal.removeEventListener('abort', onAbort);
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        if (head.length > 0) tunnel.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(refused(proxy, status));
    });
    asking.on('error', (error) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(
        new OutboundError('PROXY_REFUSED', `${describeProxy(proxy)} hung up: ${error.message}`),
      );
    });
    asking.end();
  });
}

/** The error for a proxy's own answer. */
export function refused(proxy: ProxyAddress, status: number): OutboundError {
  const why =
    status === 407
      ? 'wants another user or password (407)'
      : `answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
  return new OutboundError('PROXY_REFUSED', `the proxy ${describeProxy(proxy)} ${why}`);
}
