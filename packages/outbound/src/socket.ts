import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as startTls, type TLSSocket } from 'node:tls';

/** Waits until a socket says `event`. Rejects on its error and on the signal's abort, which destroys it. */
export function whenReady<S extends Socket>(
  socket: S,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      socket.off(event, onReady);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      end();
    };
    const onReady = () => settle(() => resolve(socket));
    const onClose = () =>
      settle(() => reject(new Error('the connection was closed while it opened')));
    const onAbort = () => {
      socket.destroy();
      settle(() => reject(signal.reason));
    };
    // Stays for good: between here and its next owner an error without a listener would end the process.
    socket.on('error', (error) => settle(() => reject(error)));
    socket.once(event, onReady);
    socket.once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** Opens a TCP connection; `lookup` resolves the name, the system by default. */
export function openTcp(
  options: { host: string; port: number; lookup?: LookupFunction },
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connectTcp({
    ...options,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  });
  return whenReady(socket, 'connect', signal);
}

/** Starts TLS on a connection; remembers the session of the last one, which makes the next handshake shorter. */
export type OpenTls = (
  socket: Socket,
  server: { host: string; servername: string | null },
  signal: AbortSignal,
) => Promise<TLSSocket>;

/** Makes an {@link OpenTls} for connections to one server. */
export function createOpenTls(): OpenTls {
  let known: { servername: string; session: Buffer } | undefined;
  return (socket, { host, servername }, signal) => {
    // An address is no server name (RFC 6066).
    const name = servername ?? (isIP(host) === 0 ? host : '');
    const secure = startTls({
      socket,
      host,
      servername: name,
      ALPNProtocols: ['http/1.1'],
      ...(known?.servername === name ? { session: known.session } : {}),
    });
    secure.on('session', (session) => {
      known = { servername: name, session };
    });
    return whenReady(secure, 'secureConnect', signal);
  };
}
