import { aboutFailure, type Bus, type Calls, type Message, type Subscription } from '@keymux/bus';
import {
  type ConfigChange,
  ConfigChangeSchema,
  type GatewayGroup,
  GatewayGroupSchema,
  type SystemSettings,
  SystemSettingsSchema,
} from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { probeSettings, type ProbeSettings } from './probe-settings.ts';

const retryMs = 500;

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

/** The newest config: a snapshot first, then every change; a gap means another snapshot. */
export class LiveConfig {
  readonly #deps: LiveConfigDeps;
  readonly #isChange = Compile(ConfigChangeSchema);
  readonly #isSnapshot = Compile(
    Type.Object({
      revision: Type.Integer(),
      settings: SystemSettingsSchema,
      groups: Type.Array(GatewayGroupSchema),
    }),
  );
  readonly #groups = new Map<string, GatewayGroup>();
  #settings: SystemSettings = { values: {}, proxy_keys: [] };
  #revision = 0;
  #subscription: Subscription | undefined;
  /** Changes that came while a snapshot was asked for; null when none is. */
  #waiting: ConfigChange[] | null = [];
  #retry: NodeJS.Timeout | undefined;
  #loaded = false;
  /** That there is no snapshot, of which one line is enough. */
  #told = false;
  #stopped = false;

  constructor(deps: LiveConfigDeps) {
    this.#deps = deps;
  }

  /** True once a whole config was loaded. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** All groups by name. */
  groups(): LiveGroup[] {
    return Array.from(this.#groups.values(), (group) => this.#live(group));
  }

  group(name: string): LiveGroup | undefined {
    const group = this.#groups.get(name);
    return group === undefined ? undefined : this.#live(group);
  }

  /** Follows first and asks for the snapshot then, so that no change falls between the two. */
  async start(): Promise<void> {
    this.#subscription = await this.#deps.bus.follow(
      'CONFIG',
      (message) => this.#hear(message),
      () => void this.#resync(),
    );
    await this.#resync();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#subscription?.stop();
  }

  /** The settings that a group would have, saved or not. */
  settingsOf(group: GatewayGroup): ProbeSettings {
    return probeSettings(group, this.#settings);
  }

  #live(group: GatewayGroup): LiveGroup {
    return { group, settings: this.settingsOf(group) };
  }

  #hear(message: Message): void {
    if (!this.#isChange.Check(message.data)) {
      this.#deps.log.error({ id: message.id, type: message.type }, 'unreadable config change');
      void this.#resync();
    } else if (this.#waiting === null) this.#apply(message.data);
    else this.#waiting.push(message.data);
  }

  #apply(change: ConfigChange): void {
    const known = this.#revision;
    switch (change.kind) {
      case 'session-revoked':
        return;
      case 'settings':
        if (change.revision > known) this.#settings = change.settings;
        break;
      // One revision may change several groups (their order), hence not older instead of newer.
      case 'group':
        if (change.revision >= known) this.#groups.set(change.group.name, change.group);
        break;
      case 'group-deleted':
        if (change.revision >= known) this.#groups.delete(change.name);
        break;
      default:
        change satisfies never;
    }
    this.#revision = Math.max(known, change.revision);
    if (change.revision > known + 1) void this.#resync();
  }

  async #resync(): Promise<void> {
    if (this.#stopped) return;
    this.#waiting ??= [];
    try {
      const reply = await this.#deps.calls.call('config.snapshot', {});
      if (!this.#isSnapshot.Check(reply)) throw new Error('the config snapshot is unreadable');
      const { revision, settings, groups } = reply;
      const waiting = this.#waiting ?? [];
      this.#waiting = null;
      if (revision >= this.#revision) {
        this.#revision = revision;
        this.#settings = settings;
        this.#groups.clear();
        for (const group of groups) this.#groups.set(group.name, group);
      }
      this.#loaded = true;
      this.#told = false;
      for (const change of waiting) if (change.revision > revision) this.#apply(change);
    } catch (error) {
      if (this.#stopped) return;
      if (!this.#told) {
        this.#deps.log.warn(
          aboutFailure(error),
          'no config snapshot yet; trying until there is one',
        );
        this.#told = true;
      }
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.#resync(), retryMs);
    }
  }
}
