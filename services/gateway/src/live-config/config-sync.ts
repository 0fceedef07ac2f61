import { aboutFailure, type Bus, type Calls, type Message, type Subscription } from '@keymux/bus';
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
import type { KeptConfig } from './kept-config.ts';
import type { LiveConfig } from './live-config.ts';

const isChange = Compile(ConfigChangeSchema);
const isSnapshot = Compile(
  Type.Object({
    revision: Type.Integer(),
    settings: SystemSettingsSchema,
    groups: Type.Array(GatewayGroupSchema),
  }),
);

const keepAfterMs = 300;

export interface ConfigSyncDeps {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly log: Logger;
  readonly live: LiveConfig;
  /** After every change: pools follow the groups. */
  readonly changed: () => void;
  /** Where the last config is kept; null keeps none. */
  readonly kept: KeptConfig | null;
}

/** Keeps the live config equal to the config service's: a snapshot first, then every change. */
export class ConfigSync {
  readonly #deps: ConfigSyncDeps;
  #subscription: Subscription | undefined;
  #waiting: ConfigChange[] | null = [];
  #retry: NodeJS.Timeout | undefined;
  #keeping: NodeJS.Timeout | undefined;
  #loaded = false;
  /** That there is no snapshot, of which one line is enough. */
  #told = false;
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
    const { kept } = this.#deps;
    if (this.#keeping !== undefined && kept !== null) this.#write(kept);
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

  /** Serves with the config on disk until there is a newer one. */
  #restore(): void {
    const { kept, live, log, changed } = this.#deps;
    const snapshot = kept?.read() ?? null;
    if (snapshot === null) return;
    const { revision, settings, groups } = snapshot;
    live.load(revision, settings, groups);
    this.#loaded = true;
    log.warn({ revision }, 'serving with the last config');
    changed();
  }

  // Many changes in a row are written once.
  #keep(): void {
    const { kept } = this.#deps;
    if (kept === null || this.#keeping !== undefined || this.#stopped) return;
    this.#keeping = setTimeout(() => this.#write(kept), keepAfterMs);
  }

  #write(kept: KeptConfig): void {
    clearTimeout(this.#keeping);
    this.#keeping = undefined;
    try {
      kept.write(this.#deps.live.source);
    } catch (error) {
      // A copy that cannot be written is no reason not to serve.
      this.#deps.log.warn({ err: error }, 'the last config cannot be kept');
    }
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
    this.#keep();
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
      this.#told = false;
      for (const change of waiting) if (change.revision > revision) this.#apply(change);
      this.#deps.changed();
      this.#keep();
    } catch (error) {
      if (this.#stopped) return;
      if (!this.#told) {
        this.#deps.log.warn(
          aboutFailure(error),
          'no config snapshot yet; trying until there is one',
        );
        this.#told = true;
      }
      if (!this.#loaded) this.#restore();
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.#resync(), 500);
    }
  }
}
