import type { Socket } from 'node:net';
import { forbiddenLiteral, publicLookup, resolvePublic } from './address-guard.ts';
import { openHttpTunnel } from './http-tunnel.ts';
import { OutboundError } from './outbound-error.ts';
import { describeProxy, type ProxyAddress } from './proxy-url.ts';
import type { Route, Target } from './route.ts';
import { createOpenTls, openTcp, type OpenTls } from './socket.ts';
import { openSocksTunnel } from './socks-tunnel.ts';

/** Told once: a socket that is ready for HTTP, or why there is none. */
export type Connected = (error: Error | null, socket: Socket | null) => void;

/** Opens a connection, with another name for SNI when `servername` is not null; what it returns gives up at once. */
export type Connect = (servername: string | null, connected: Connected) => () => void;

interface ConnectorOptions {
  readonly target: Target;
  readonly route: Route;
  readonly connectTimeoutMs: number;
  readonly forbidPrivate: boolean;
}

/** Makes what opens connections to one target by one route; the time limit is for all its steps together. */
export function createConnector(options: ConnectorOptions): Connect {
  const { target, connectTimeoutMs } = options;
  const open = createOpen(options);
  return (servername, connected) => {
    const giveUp = new AbortController();
    const timer = setTimeout(() => {
      giveUp.abort(
        new OutboundError(
          'CONNECT_TIMEOUT',
          `no connection to ${target.host}:${target.port} within ${connectTimeoutMs} ms`,
        ),
      );
    }, connectTimeoutMs);
    open(servername, giveUp.signal).then(
      (socket) => {
        clearTimeout(timer);
        connected(null, socket);
      },
      (error: unknown) => {
        clearTimeout(timer);
        connected(error instanceof Error ? error : new Error(String(error)), null);
      },
    );
    return () => giveUp.abort(new OutboundError('ABANDONED', 'nobody waits for this connection'));
  };
}

type Open = (servername: string | null, signal: AbortSignal) => Promise<Socket>;

function createOpen({ target, route, forbidPrivate }: ConnectorOptions): Open {
  const toTarget = createOpenTls();
  const toProxy = createOpenTls();
  const secured = (socket: Socket, servername: string | null, signal: AbortSignal) =>
    target.protocol === 'https:'
      ? toTarget(socket, { host: target.host, servername }, signal)
      : socket;

  switch (route.kind) {
    case 'closed':
      return () => Promise.reject(route.error);
    case 'direct':
      return async (servername, signal) => {
        const socket = await openChecked(target, forbidPrivate, signal);
        return secured(socket, servername, signal);
      };
    case 'forward':
      return (_servername, signal) =>
        openProxy(route.proxy, { forbidPrivate: forbidPrivate && !route.trusted, toProxy }, signal);
    case 'tunnel':
      return async (servername, signal) => {
        const host = forbidPrivate ? await resolvePublic(target.host) : target.host;
        signal.throwIfAborted();
        const checks = { forbidPrivate: forbidPrivate && !route.trusted, toProxy };
        const toProxySocket = await openProxy(route.proxy, checks, signal);
        const tunnel = route.proxy.scheme === 'socks5' ? openSocksTunnel : openHttpTunnel;
        const destination = { host, port: target.port };
        const socket = await tunnel(toProxySocket, route.proxy, destination, signal);
        return secured(socket, servername, signal);
      };
    default:
      return route satisfies never;
  }
}

async function openChecked(
  { host, port }: { host: string; port: number },
  forbidPrivate: boolean,
  signal: AbortSignal,
): Promise<Socket> {
  if (!forbidPrivate) return openTcp({ host, port }, signal);
  const refused = forbiddenLiteral(host);
  if (refused !== null) throw refused;
  return openTcp({ host, port, lookup: publicLookup }, signal);
}

async function openProxy(
  proxy: ProxyAddress,
  { forbidPrivate, toProxy }: { forbidPrivate: boolean; toProxy: OpenTls },
  signal: AbortSignal,
): Promise<Socket> {
  try {
    const socket = await openChecked(proxy, forbidPrivate, signal);
    if (proxy.scheme !== 'https') return socket;
    return await toProxy(socket, { host: proxy.host, servername: null }, signal);
  } catch (error) {
    if (signal.aborted || error instanceof OutboundError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new OutboundError(
      'PROXY_UNREACHABLE',
      `the proxy ${describeProxy(proxy)} cannot be reached: ${why}`,
    );
  }
}
