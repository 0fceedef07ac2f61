import type { Bus } from '@keymux/bus';
import {
  type CallTable,
  type ConfigChange,
  type GatewayGroup,
  type Group,
  messageTypes,
  type SettingValues,
  subjects,
  type SystemSettings,
} from '@keymux/contracts';
import { type Clock, type Logger, newId } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import { forGateways, readProxyKeys } from './proxy-key/proxy-keys.ts';
import type { Change } from './revision/config-log.ts';
import type { ConfigState } from './revision/state.ts';
import { layerSettings } from './settings/decide-settings.ts';

export interface BroadcastDeps {
  readonly bus: Bus;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  readonly environmentSettings: Readonly<Partial<SettingValues>>;
}

/** Tells every service of a change, with the full new value. */
export class Broadcast {
  readonly #deps: BroadcastDeps;

  constructor(deps: BroadcastDeps) {
    this.#deps = deps;
  }

  /** The whole config, for a service that starts. */
  snapshot(state: ConfigState): CallTable['config.snapshot']['reply'] {
    return {
      revision: state.revision,
      settings: this.#settings(state),
      groups: [...state.groups.values()].map(({ group }) => this.#group(group)),
    };
  }

  changed({ event, state }: Change): void {
    if (event === null) return;
    const { revision } = event.data;
    switch (event.type) {
      case 'GroupCreated':
      case 'GroupChanged':
        this.send({ kind: 'group', revision, group: this.#group(event.data.group) });
        return;
      case 'GroupDeleted':
        this.send({ kind: 'group-deleted', revision, name: event.data.name });
        return;
      case 'SettingsChanged':
        this.send({ kind: 'settings', revision, settings: this.#settings(state) });
        return;
      case 'GroupsOrdered':
        for (const { group } of state.groups.values()) {
          this.send({ kind: 'group', revision, group: this.#group(group) });
        }
        return;
    }
  }

  send(data: ConfigChange): void {
    const { bus, clock, log } = this.#deps;
    const message = {
      id: newId(),
      type: messageTypes.config,
      version: 1,
      time: new Date(clock.now()).toISOString(),
      source: 'config',
      subject: subjects.config(data.kind),
      data,
    };
    bus.publish('CONFIG', message).catch((error: unknown) => {
      // Whoever misses it notices the gap at the next revision and asks for a snapshot.
      log.warn({ err: error, revision: data.revision }, 'a config change was not broadcast');
    });
  }

  #group(group: Group): GatewayGroup {
    const { proxy_keys, ...rest } = group;
    const keys = proxy_keys.map((sealed) => this.#deps.vault.open(sealed));
    return { ...rest, proxy_keys: forGateways(this.#deps.vault, keys) };
  }

  #settings(state: ConfigState): SystemSettings {
    const { vault, environmentSettings } = this.#deps;
    const values: SystemSettings['values'] = {};
    let proxyKeys: string[] = [];
    for (const [name, { value, source }] of layerSettings(state.settings, environmentSettings)) {
      if (name === 'proxy_keys') {
        proxyKeys = readProxyKeys(source === 'system' ? vault.open(String(value)) : String(value));
      } else if (
        typeof value === 'number' ||
        typeof value === 'boolean' ||
        typeof value === 'string'
      ) {
        values[name] = value;
      }
    }
    return { values, proxy_keys: forGateways(vault, proxyKeys) };
  }
}
