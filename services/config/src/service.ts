import type { Bus, Calls, Subscription } from '@keymux/bus';
import { configOperations, type SettingValues } from '@keymux/contracts';
import type { EventStore } from '@keymux/event-store';
import {
  type AdminAuth,
  type Clock,
  createAdminRouter,
  createMetricsRegistry,
  type Logger,
  type Service,
} from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { Router } from 'express';
import { Gauge, type Registry } from 'prom-client';
import { createHandlers } from './admin-api/handlers.ts';
import { Broadcast } from './broadcast.ts';
import { newProxyKey, readProxyKeys } from './proxy-key/proxy-keys.ts';
import { ConfigLog } from './revision/config-log.ts';
import { decideSettings, layerSettings } from './settings/decide-settings.ts';

export interface ConfigDeps {
  readonly store: EventStore;
  readonly bus: Bus;
  readonly calls: Calls;
  readonly vault: Vault;
  readonly auth: AdminAuth;
  readonly log: Logger;
  readonly clock: Clock;
  readonly environmentSettings: Readonly<Partial<SettingValues>>;
  readonly forbidPrivate: boolean;
}

export interface ConfigService extends Service {
  readonly router: Router;
  readonly registry: Registry;
  /** The proxy key that was made at the first start, to be shown once. */
  readonly newProxyKey: string | null;
}

/** Owns groups, settings and proxy keys: decides changes, keeps them as events, tells everyone. */
export function createConfig(deps: ConfigDeps): ConfigService {
  const { store, bus, calls, vault, auth, log, clock, environmentSettings } = deps;
  const registry = createMetricsRegistry({ service: 'config', processMetrics: false });
  const broadcast = new Broadcast({ bus, vault, clock, log, environmentSettings });
  const configLog = new ConfigLog({ store, clock, changed: (change) => broadcast.changed(change) });
  new Gauge({
    name: 'keymux_config_revision',
    help: 'Revision of the config.',
    registers: [registry],
    collect() {
      this.set(configLog.state.revision);
    },
  });
  const router = createAdminRouter({
    operations: configOperations,
    handlers: createHandlers({
      configLog,
      broadcast,
      calls,
      auth,
      clock,
      vault,
      environmentSettings,
      forbidPrivate: deps.forbidPrivate,
    }),
    auth,
    log,
  });
  let answering: Subscription | undefined;
  let made: string | null = null;

  async function makeFirstProxyKey(): Promise<void> {
    const layer = layerSettings(configLog.state.settings, environmentSettings).get('proxy_keys');
    const ever = configLog.state.settingsRevision > 0;
    if (ever || readProxyKeys(String(layer?.value ?? '')).length > 0) return;
    const key = newProxyKey();
    const patch = { proxy_keys: key };
    await configLog.change('system', (state) =>
      decideSettings(state, { patch, ifMatch: undefined }, (secret) => vault.seal(secret)),
    );
    made = key;
  }

  return {
    name: 'config',
    router,
    registry,
    get newProxyKey() {
      return made;
    },
    async start() {
      await configLog.load();
      await makeFirstProxyKey();
      answering = calls.answer('config.snapshot', () =>
        Promise.resolve(broadcast.snapshot(configLog.state)),
      );
    },
    async stop() {
      await answering?.stop();
    },
  };
}
