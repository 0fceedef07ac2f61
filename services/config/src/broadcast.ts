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
import { readProxyKeys } from './proxy-key/key-list.ts';
import { openText } from './proxy-key/prepare-secrets.ts';
import { forGateways } from './proxy-key/proxy-keys.ts';
import type { Change } from './revision/config-log.ts';
import type { ConfigState } from './revision/state.ts';
import { layerSettings } from './settings/layers.ts';

export interface BroadcastDeps {
  readonly bus: Bus;
  readonly vault: Vault;
  readonly isAuthKey: (text: string) => boolean;
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
      groups: Array.from(state.groups.values(), ({ group }) => this.#group(group)),
    };
  }

  changed({ event, before, state }: Change): void {
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
        // Never none of them, for an order that changes nothing makes no event.
        for (const [name, { group }] of state.groups) {
          if (before.groups.get(name)?.group.sort === group.sort) continue;
          this.send({ kind: 'group', revision, group: this.#group(group) });
        }
        return;
      case 'ConfigRestored': {
        // Settings come first: whoever hears of the revision for the second time takes only groups.
        const { values, groups, deleted } = event.data;
        if (values !== null) {
          this.send({ kind: 'settings', revision, settings: this.#settings(state) });
        }
        for (const name of deleted) this.send({ kind: 'group-deleted', revision, name });
        for (const group of groups) {
          this.send({ kind: 'group', revision, group: this.#group(group) });
        }
        return;
      }
      default:
        return event satisfies never;
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

  #group({ proxy_keys, config, ...rest }: Group): GatewayGroup {
    const { vault } = this.#deps;
    const { proxy_url } = config;
    const opened = typeof proxy_url === 'string' ? { proxy_url: openText(vault, proxy_url) } : {};
    return {
      ...rest,
      config: { ...config, ...opened },
      proxy_keys: this.#proxyKeys(proxy_keys.map((sealed) => vault.open(sealed))),
    };
  }

  #settings(state: ConfigState): SystemSettings {
    const values: SystemSettings['values'] = {};
    let proxyKeys: string[] = [];
    for (const [name, layered] of layerSettings(state.settings, this.#deps.environmentSettings)) {
      const value =
        typeof layered.value === 'string' && layered.source === 'system'
          ? openText(this.#deps.vault, layered.value)
          : layered.value;
      if (name === 'proxy_keys') proxyKeys = readProxyKeys(String(value));
      else if (isSimple(value)) values[name] = value;
    }
    return { values, proxy_keys: this.#proxyKeys(proxyKeys) };
  }

  // The admin key is never a proxy key, not even when it was made the same later.
  #proxyKeys(keys: readonly string[]): SystemSettings['proxy_keys'] {
    return forGateways(
      this.#deps.vault,
      keys.filter((key) => !this.#deps.isAuthKey(key)),
    );
  }
}

function isSimple(value: unknown): value is number | boolean | string {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string';
}
