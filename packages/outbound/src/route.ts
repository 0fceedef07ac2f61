import { readNoProxy } from './no-proxy.ts';
import { OutboundError } from './outbound-error.ts';
import { readProxyUrl, type ProxyAddress } from './proxy-url.ts';

/** Where requests go that have no proxy of their own; each empty for none. */
export interface ProxyEnvironment {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

/** What a connection leads to; IPv6 without brackets. */
export interface Target {
  readonly protocol: 'http:' | 'https:';
  readonly host: string;
  readonly port: number;
}

/** How an upstream is reached. A `trusted` proxy is the operator's and may be anywhere, whatever else is forbidden. */
export type Route =
  | { readonly kind: 'direct' }
  | { readonly kind: 'tunnel'; readonly proxy: ProxyAddress; readonly trusted: boolean }
  /** The proxy gets plain requests with the whole address, because many allow CONNECT to port 443 only. */
  | { readonly kind: 'forward'; readonly proxy: ProxyAddress; readonly trusted: boolean }
  /** No connection at all: with a proxy that cannot be used, going direct would show what it should hide. */
  | { readonly kind: 'closed'; readonly error: OutboundError };

/** Takes an origin apart. Throws a TypeError for what is no http or https address. */
export function readTarget(origin: string): Target {
  const url = new URL(origin);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError('an upstream is an http or https address');
  }
  const usualPort = url.protocol === 'https:' ? 443 : 80;
  return {
    protocol: url.protocol,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? usualPort : Number(url.port),
  };
}

/** Decides how to reach `target`: by its own proxy, else by the environment's, else direct. */
export function chooseRoute(options: {
  readonly target: Target;
  readonly proxyUrl: string;
  readonly environment: ProxyEnvironment;
  readonly forbidPrivate: boolean;
}): Route {
  const { target, proxyUrl, environment, forbidPrivate } = options;
  const trusted = proxyUrl === '';
  const chosen = trusted ? environmentProxy(target, environment) : proxyUrl;
  if (chosen === '') return { kind: 'direct' };
  const proxy = readProxyUrl(chosen);
  if (proxy.kind === 'invalid') {
    return { kind: 'closed', error: new OutboundError('PROXY_INVALID', proxy.reason) };
  }
  // A forwarding proxy resolves the name itself, which nobody could check.
  const forwards = target.protocol === 'http:' && proxy.scheme !== 'socks5' && !forbidPrivate;
  return { kind: forwards ? 'forward' : 'tunnel', proxy, trusted };
}

function environmentProxy(target: Target, environment: ProxyEnvironment): string {
  const proxy = target.protocol === 'https:' ? environment.httpsProxy : environment.httpProxy;
  if (proxy === '') return '';
  return readNoProxy(environment.noProxy)(target.host, target.port) ? '' : proxy;
}
