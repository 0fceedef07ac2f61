import { createAudit } from '@keymux/audit';
import type { Bus, Calls, Subscription } from '@keymux/bus';
import { type CallTable, configOperations, type SettingValues } from '@keymux/contracts';
import type { Coordination } from '@keymux/coordination';
import { type EventStore, isStoreAway } from '@keymux/event-store';
import {
  type AdminAuth,
  type Clock,
  createMetricsRegistry,
  type Logger,
  type Service,
  StartProblem,
} from '@keymux/service';
import { createAdminRouter } from '@keymux/service/admin';
import { resealData, type Vault, VaultError } from '@keymux/vault';
import type { Router } from 'express';
import { Gauge, type Registry } from 'prom-client';
import { createHandlers } from './admin-api/handlers.ts';
import { Broadcast } from './broadcast.ts';
import { readProxyKeys } from './proxy-key/key-list.ts';
import { prepareSecrets } from './proxy-key/prepare-secrets.ts';
import { newProxyKey } from './proxy-key/proxy-keys.ts';
import { ConfigLog } from './revision/config-log.ts';
import { recallEndedSessions } from './session/ended-sessions.ts';
import { loginPolicy } from './session/login-policy.ts';
import { decideSettings } from './settings/decide-settings.ts';
import { layerSettings } from './settings/layers.ts';

export interface ConfigDeps {
  readonly store: EventStore;
  readonly bus: Bus;
  readonly calls: Calls;
  readonly vault: Vault;
  readonly auth: AdminAuth;
  /** Shared by all replicas. */
  readonly coordination: Pick<Coordination, 'throttle'>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly environmentSettings: Readonly<Partial<SettingValues>>;
  /** Refuses upstreams at private, loopback and link-local addresses. */
  readonly forbidPrivate: boolean;
}

export interface ConfigService extends Service {
  readonly router: Router;
  readonly registry: Registry;
  /** The proxy key that was made at the first start, to be shown once. */
  readonly newProxyKey: string | null;
  /** Seals anew what the previous encryption key sealed; how many events held such. */
  reseal(): Promise<number>;
}

/** Owns groups, settings and proxy keys: decides changes, keeps them as events, tells everyone. */
export function createConfig(deps: ConfigDeps): ConfigService {
  const { store, bus, calls, vault, auth, log, clock, environmentSettings } = deps;
  const isAuthKey = auth.checkKey;
  const registry = createMetricsRegistry({ service: 'config' });
  const broadcast = new Broadcast({ bus, vault, isAuthKey, clock, log, environmentSettings });
  const audit = createAudit({ store, clock });
  const changed = broadcast.changed.bind(broadcast);
  const configLog = new ConfigLog({ store, audit, clock, changed });
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
      audit,
      broadcast,
      calls,
      auth,
      loginThrottle: deps.coordination.throttle('login', loginPolicy),
      log,
      vault,
      environmentSettings,
      forbidPrivate: deps.forbidPrivate,
    }),
    auth,
    log,
    isPassing: isStoreAway,
  });
  let answering: readonly Subscription[] = [];
  let made: string | null = null;

  async function makeFirstProxyKey(): Promise<void> {
    const layer = layerSettings(configLog.state.settings, environmentSettings).get('proxy_keys');
    const ever = configLog.state.settingsRevision > 0;
    if (ever || readProxyKeys(String(layer?.value ?? '')).length > 0) return;
    const key = newProxyKey();
    const change = { patch: { proxy_keys: key }, ifMatch: undefined };
    const secrets = prepareSecrets({ vault, isAuthKey }, [key], []);
    await configLog.change('system', (state) => decideSettings(state, change, secrets));
    made = key;
  }

  // Opens everything that is sealed, so that a wrong encryption key shows now and not at some request.
  function checkSeals(): void {
    try {
      broadcast.snapshot(configLog.state);
    } catch (error) {
      if (error instanceof VaultError) throw new StartProblem(`the config: ${error.message}`);
      throw error;
    }
  }

  async function rebuild(): Promise<CallTable['config.rebuild']['reply']> {
    const changed = await configLog.rebuild();
    const { revision, groups } = configLog.state;
    if (changed) log.warn({ revision }, 'the config was not what its events say: it is now');
    return { revision, groups: groups.size, changed };
  }

  const endedSessions = (): CallTable['config.ended-sessions']['reply'] => ({
    sessions: auth.revoked().map(({ id, until }) => ({ id, until_ms: until })),
  });

  return {
    name: 'config',
    router,
    registry,
    get newProxyKey() {
      return made;
    },
    reseal: () => configLog.reseal((data) => resealData(vault, data)),
    async start() {
      await configLog.load();
      checkSeals();
      await recallEndedSessions({ audit, auth, clock });
      await makeFirstProxyKey();
      answering = [
        calls.answer('config.snapshot', () => Promise.resolve(broadcast.snapshot(configLog.state))),
        calls.answer('config.rebuild', rebuild),
        calls.answer('config.ended-sessions', () => Promise.resolve(endedSessions())),
      ];
    },
    async stop() {
      await Promise.all(answering.map((each) => each.stop()));
      await configLog.settled();
    },
  };
}
