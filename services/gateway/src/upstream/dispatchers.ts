import type { Outbound, UpstreamDispatcher } from '@keymux/outbound';
import type { LiveSettings, LiveUpstream } from '../live-config/live-group.ts';

/** The connections to an upstream under a group's settings. */
export interface Dispatchers {
  of(upstream: LiveUpstream, settings: LiveSettings): UpstreamDispatcher;
}

/** Connections from `outbound`, which keeps one pool for equal settings. */
export function createDispatchers(outbound: Outbound): Dispatchers {
  // Both are made anew with each change of config.
  const held = new WeakMap<
    LiveUpstream,
    { readonly settings: LiveSettings; readonly dispatcher: UpstreamDispatcher }
  >();
  return {
    of(upstream, settings) {
      const found = held.get(upstream);
      if (found?.settings === settings) return found.dispatcher;
      const dispatcher = outbound.dispatcher({
        origin: upstream.origin,
        proxyUrl: settings.proxyUrl,
        connectTimeoutMs: settings.connectTimeoutMs,
        idleTimeoutMs: settings.idleConnTimeoutMs,
        maxIdlePerHost: settings.maxIdleConnsPerHost,
        maxIdleTotal: settings.maxIdleConns,
      });
      held.set(upstream, { settings, dispatcher });
      return dispatcher;
    },
  };
}
