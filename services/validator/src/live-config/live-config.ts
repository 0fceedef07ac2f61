import type { Bus, Calls } from '@keymux/bus';
import type { ConfigSnapshot, GatewayGroup, SystemSettings } from '@keymux/contracts';
import { ConfigFollower, type NewConfig } from '@keymux/live-config';
import type { Logger } from '@keymux/service';
import { probeSettings, type ProbeSettings } from './probe-settings.ts';

/** A group with the settings that its probes go by. */
export interface LiveGroup {
  readonly group: GatewayGroup;
  readonly settings: ProbeSettings;
}

/** Parts that the config comes through. */
export interface LiveConfigDeps {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly log: Logger;
}

/** The newest config, as probes need it. */
export class LiveConfig {
  readonly #follower: ConfigFollower;
  readonly #groups = new Map<string, GatewayGroup>();
  #settings: SystemSettings = { values: {}, proxy_keys: [] };

  constructor(deps: LiveConfigDeps) {
    this.#follower = new ConfigFollower({
      ...deps,
      load: (snapshot) => this.#load(snapshot),
      apply: (change) => this.#apply(change),
    });
  }

  /** True once a whole config was loaded. */
  get loaded(): boolean {
    return this.#follower.loaded;
  }

  /** All groups by name. */
  groups(): LiveGroup[] {
    return Array.from(this.#groups.values(), (group) => this.#live(group));
  }

  group(name: string): LiveGroup | undefined {
    const group = this.#groups.get(name);
    return group === undefined ? undefined : this.#live(group);
  }

  /** Resolves after the first try to get a config; goes on trying on its own. */
  async start(): Promise<void> {
    await this.#follower.start();
    await this.#follower.settled();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  /** The settings that a group would have, saved or not. */
  settingsOf(group: GatewayGroup): ProbeSettings {
    return probeSettings(group, this.#settings);
  }

  #live(group: GatewayGroup): LiveGroup {
    return { group, settings: this.settingsOf(group) };
  }

  #load({ settings, groups }: ConfigSnapshot): void {
    this.#settings = settings;
    this.#groups.clear();
    for (const group of groups) this.#groups.set(group.name, group);
  }

  #apply(change: NewConfig): void {
    switch (change.kind) {
      case 'settings':
        this.#settings = change.settings;
        break;
      case 'group':
        this.#groups.set(change.group.name, change.group);
        break;
      case 'group-deleted':
        this.#groups.delete(change.name);
        break;
      default:
        change satisfies never;
    }
  }
}
