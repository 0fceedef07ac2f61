import type { Bus, Calls } from '@keymux/bus';
import type { ConfigSnapshot } from '@keymux/contracts';
import { ConfigFollower, type NewConfig } from '@keymux/live-config';
import type { Logger } from '@keymux/service';
import type { KeptConfig } from './kept-config.ts';
import type { LiveConfig } from './live-config.ts';

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

/** Keeps the live config equal to the config service's, and a copy of it on disk for a start without that service. */
export class ConfigSync {
  readonly #deps: ConfigSyncDeps;
  readonly #follower: ConfigFollower;
  #keeping: NodeJS.Timeout | undefined;

  constructor(deps: ConfigSyncDeps) {
    this.#deps = deps;
    const { bus, calls, log } = deps;
    this.#follower = new ConfigFollower({
      bus,
      calls,
      log,
      load: (snapshot) => this.#load(snapshot),
      apply: (change) => this.#apply(change),
      standIn: () => this.#restored(),
    });
  }

  /** True once a whole config was loaded. */
  get loaded(): boolean {
    return this.#follower.loaded;
  }

  /** Resolves after the first try to get a config; goes on trying on its own. */
  async start(): Promise<void> {
    await this.#follower.start();
    await this.#follower.settled();
  }

  async stop(): Promise<void> {
    await this.#follower.stop();
    const { kept } = this.#deps;
    if (this.#keeping !== undefined && kept !== null) this.#write(kept);
  }

  #load({ revision, settings, groups }: ConfigSnapshot): void {
    this.#deps.live.load(revision, settings, groups);
    this.#changed();
  }

  #apply(change: NewConfig): void {
    const { live } = this.#deps;
    const { revision } = change;
    switch (change.kind) {
      case 'settings':
        live.changeSettings(revision, change.settings);
        break;
      case 'group':
        live.changeGroup(revision, change.group);
        break;
      case 'group-deleted':
        live.deleteGroup(revision, change.name);
        break;
      default:
        change satisfies never;
    }
    this.#changed();
  }

  // Many changes in a row are written once.
  #changed(): void {
    const { kept, changed } = this.#deps;
    changed();
    if (kept === null || this.#keeping !== undefined) return;
    this.#keeping = setTimeout(() => this.#write(kept), keepAfterMs);
  }

  #restored(): ConfigSnapshot | null {
    const { kept, log } = this.#deps;
    const snapshot = kept?.read() ?? null;
    if (snapshot !== null) {
      log.warn({ revision: snapshot.revision }, 'serving with the last config');
    }
    return snapshot;
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
}
