import { AbsoluteForm } from './absolute-form.ts';
import { Connections } from './connections.ts';
import { createConnector } from './connector.ts';
import { createIdleRegister } from './idle-register.ts';
import { chooseRoute, readTarget, type ProxyEnvironment, type Route } from './route.ts';
import type { UpstreamDispatcher } from './upstream-dispatcher.ts';

/** What an outbound is made of. */
export interface OutboundOptions {
  /** Proxies for requests without one of their own; HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  readonly environment: ProxyEnvironment;
  /**
   * Refuses private, loopback, link-local and metadata addresses, whatever name leads there; the environment's proxies are
   * the operator's and may be private. Names are then resolved here, not by a proxy.
   */
  readonly forbidPrivate: boolean;
}

/** Which upstream, by what way, with which limits. */
export interface UpstreamOptions {
  /** `https://host[:port]` or `http://host[:port]` */
  readonly origin: string;
  /** http, https or socks5; empty takes the environment's. */
  readonly proxyUrl: string;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Most connections kept without a request; a request never waits for one. */
  readonly maxIdlePerHost: number;
  /** The same over all upstreams. */
  readonly maxIdleTotal: number;
}

/** The connections of one process to its upstreams. */
export interface Outbound {
  /**
   * The dispatcher for these options: the same one as long as somebody holds it or it has connections, so after a change of
   * config nothing needs to be released. Cheap enough for each request. Throws a TypeError for what is no http or https
   * origin; a proxy that cannot be used fails the requests.
   */
  dispatcher(options: UpstreamOptions): UpstreamDispatcher;
  /** Open connections, and how many of them wait for a request. */
  counts(): { open: number; idle: number };
  /** Lets running requests end; new ones fail. */
  close(): Promise<void>;
  /** Ends everything now. */
  destroy(): Promise<void>;
}

/** Makes the connections to upstreams: no retries, no redirects, no HTTP/2, one request at a time on each. */
export function createOutbound({ environment, forbidPrivate }: OutboundOptions): Outbound {
  const register = createIdleRegister();
  const known = new Map<string, WeakRef<UpstreamDispatcher>>();
  const forget = new FinalizationRegistry<string>((key) => {
    if (known.get(key)?.deref() === undefined) known.delete(key);
  });
  const inUse = new Map<Connections, UpstreamDispatcher | null>();
  let ended = false;

  function connectionsOf(options: UpstreamOptions, route: Route): Connections {
    const target = readTarget(options.origin);
    const { connectTimeoutMs, idleTimeoutMs, maxIdlePerHost, maxIdleTotal } = options;
    const connections: Connections = new Connections({
      host: new URL(options.origin).host,
      connect: createConnector({ target, route, connectTimeoutMs, forbidPrivate }),
      idleTimeoutMs,
      maxIdlePerHost,
      maxIdleTotal,
      register,
      ended: () => ended,
      onUse: (used) => {
        if (used) inUse.set(connections, owners.get(connections) ?? null);
        else inUse.delete(connections);
      },
    });
    return connections;
  }
  // What keeps a dispatcher alive while one of its parts has connections.
  const owners = new WeakMap<Connections, UpstreamDispatcher>();

  function create(options: UpstreamOptions): UpstreamDispatcher {
    const target = readTarget(options.origin);
    const { proxyUrl } = options;
    const route = chooseRoute({ target, proxyUrl, environment, forbidPrivate });
    if (route.kind !== 'forward') return connectionsOf(options, route);
    const { proxy } = route;
    const forward = connectionsOf(options, route);
    const tunnel = connectionsOf(options, { ...route, kind: 'tunnel' });
    const origin = new URL(options.origin).origin;
    const both = new AbsoluteForm({ origin, proxy, forward, tunnel });
    owners.set(forward, both);
    owners.set(tunnel, both);
    return both;
  }

  return {
    dispatcher(options) {
      const { origin, proxyUrl, connectTimeoutMs, idleTimeoutMs } = options;
      const { maxIdlePerHost, maxIdleTotal } = options;
      const key = `${origin} ${proxyUrl} ${connectTimeoutMs} ${idleTimeoutMs} ${maxIdlePerHost} ${maxIdleTotal}`;
      const found = known.get(key)?.deref();
      if (found !== undefined) return found;
      const created = create(options);
      known.set(key, new WeakRef(created));
      forget.register(created, key);
      return created;
    },
    counts() {
      let open = 0;
      let idle = 0;
      for (const connections of inUse.keys()) {
        open += connections.counts.open;
        idle += connections.counts.idle;
      }
      return { open, idle };
    },
    async close() {
      ended = true;
      await Promise.all(Array.from(inUse.keys(), (connections) => connections.close()));
    },
    destroy() {
      ended = true;
      for (const connections of inUse.keys()) connections.destroy();
      return Promise.resolve();
    },
  };
}
