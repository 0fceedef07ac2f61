import type { Socket } from 'node:net';
import { SocksClient } from 'socks';
import { OutboundError } from './outbound-error.ts';
import { describeProxy, type ProxyAddress } from './proxy-url.ts';

/** Asks a SOCKS5 proxy (RFC 1928, 1929), reached by `socket`, for a connection; the proxy resolves the name. */
export async function openSocksTunnel(
  socket: Socket,
  proxy: ProxyAddress,
  destination: { host: string; port: number },
  signal: AbortSignal,
): Promise<Socket> {
  const onAbort = () => socket.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await SocksClient.createConnection({
      command: 'connect',
      destination,
      existing_socket: socket,
      // The signal ends it sooner; 0 would mean the library's own 30 s.
      timeout: 2 ** 31 - 1,
      proxy: {
        type: 5,
        host: proxy.host,
        port: proxy.port,
        ...(proxy.username === '' && proxy.password === ''
          ? {}
          : { userId: proxy.username, password: proxy.password }),
      },
    });
    return socket;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // The library's error carries the password in its options: only its sentence goes on.
    const why = error instanceof Error ? error.message : 'it failed';
    throw new OutboundError('PROXY_REFUSED', `the proxy ${describeProxy(proxy)} refused: ${why}`);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
