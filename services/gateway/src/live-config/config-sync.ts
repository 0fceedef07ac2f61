import type { Bus, Calls, Message, Subscription } from '@keymux/bus';
import {
  type CallTable,
  type ConfigChange,
  ConfigChangeSchema,
  GatewayGroupSchema,
  SystemSettingsSchema,
} from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { LiveConfig } from './live-config.ts';

const isChange = Compile(ConfigChangeSchema);
const isSnapshot = Compile(
  Type.Object({
    revision: Type.Integer(),
    settings: SystemSettingsSchema,
    groups: Type.Array(GatewayGroupSchema),
  }),
);

export interface ConfigSyncDeps {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly log: Logger;
  readonly live: LiveConfig;
  /** After every change: pools follow the groups. */
  readonly changed: () => void;
}

/** Keeps the live config equal to the config service's: a snapshot first, then every change. */
export class ConfigSync {
  readonly #deps: ConfigSyncDeps;
  #subscription: Subscription | undefined;
  #waiting: ConfigChange[] | null = [];
  #retry: NodeJS.Timeout | undefined;
  #loaded = false;
  #stopped = false;

  constructor(deps: ConfigSyncDeps) {
    this.#deps = deps;
  }

  /** True once a whole config was loaded. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Follows first and asks for the snapshot then, so that no change falls between the two. */
  async start(): Promise<void> {
    this.#subscription = await this.#deps.bus.follow('CONFIG', (message) => this.#hear(message));
    await this.#resync();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#subscription?.stop();
  }

  #hear(message: Message): void {
    if (!isChange.Check(message.data)) {
      this.#deps.log.error({ id: message.id, type: message.type }, 'unreadable config change');
      void this.#resync();
      return;
    }
    if (this.#waiting === null) this.#apply(message.data);
    else this.#waiting.push(message.data);
  }

  #apply(change: ConfigChange): void {
    const { live, changed } = this.#deps;
    const known = live.snapshot.revision;
    switch (change.kind) {
      case 'session-revoked':
        return;
      case 'settings':
        if (change.revision > known) live.changeSettings(change.revision, change.settings);
        break;
      // One revision may change several groups (their order), hence not older instead of newer.
      case 'group':
        if (change.revision >= known) live.changeGroup(change.revision, change.group);
        break;
      case 'group-deleted':
        if (change.revision >= known) live.deleteGroup(change.revision, change.name);
        break;
    }
    changed();
    if (change.revision > known + 1) void this.#resync();
  }

  async #resync(): Promise<void> {
    if (this.#stopped) return;
    this.#waiting ??= [];
    try {
      const request: CallTable['config.snapshot']['request'] = {};
      const reply = await this.#deps.calls.call('config.snapshot', request);
      if (!isSnapshot.Check(reply)) throw new Error('the config snapshot is unreadable');
      const { revision, settings, groups } = reply;
      if (revision >= this.#deps.live.snapshot.revision) {
        this.#deps.live.load(revision, settings, groups);
      }
      const waiting = this.#waiting ?? [];
      this.#waiting = null;
      this.#loaded = true;
      for (const change of waiting) if (change.revision > revision) this.#apply(change);
      this.#deps.changed();
    } catch (error) {
      if (this.#stopped) return;
      this.#deps.log.warn({ err: error }, 'no config snapshot yet; trying again');
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.#resync(), 500);
    }
  }
}
