import { aboutFailure, type Bus, type Calls, type Message, type Subscription } from '@keymux/bus';
import {
  type ConfigChange,
  ConfigChangeSchema,
  type ConfigSnapshot,
  ConfigSnapshotSchema,
} from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { Compile } from 'typebox/compile';

/** A change of the config itself. */
export type NewConfig = Exclude<ConfigChange, { kind: 'session-revoked' }>;

export interface ConfigFollowerDeps {
  readonly bus: Pick<Bus, 'follow'>;
  readonly calls: Pick<Calls, 'call'>;
  readonly log: Logger;
  /** Replaces all that is known. */
  readonly load: (snapshot: ConfigSnapshot) => void;
  /** Takes one change; the same one may come twice. */
  readonly apply: (change: NewConfig) => void;
  /** A config to go on with while there was no snapshot yet, null for none; asked for after each try that failed. */
  readonly standIn?: () => ConfigSnapshot | null;
  /** Wait after a try that failed, ms; 500 by default. */
  readonly retryMs?: number;
}

const isChange = Compile(ConfigChangeSchema);
const isSnapshot = Compile(ConfigSnapshotSchema);

/** Keeps a service's copy of the config equal to the config service's: a snapshot first, then every change. */
export class ConfigFollower {
  readonly #deps: ConfigFollowerDeps;
  #revision = -1;
  #loaded = false;
  /** Changes that came while a snapshot was on its way; null when none is. */
  #waiting: NewConfig[] | null = null;
  /** The try that was begun last, and the one that is to follow it. */
  #trying: Promise<boolean> = Promise.resolve(false);
  #next: Promise<boolean> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #subscription: Subscription | undefined;
  /** That there is no snapshot, of which one line is enough. */
  #told = false;
  #stopped = false;

  constructor(deps: ConfigFollowerDeps) {
    this.#deps = deps;
  }

  /** True once a whole config was loaded. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Follows, and begins to ask for the first snapshot. */
  async start(): Promise<void> {
    const { bus } = this.#deps;
    // Follows first, so that no change falls between the snapshot and the first message.
    this.#subscription = await bus.follow(
      'CONFIG',
      (message) => this.#hear(message),
      () => void this.refresh(),
    );
    void this.refresh();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#subscription?.stop();
  }

  /**
   * Asks for a snapshot, and goes on asking until there is one; resolves after the first try, with whether it
   * brought one. One that is on its way by now may be from before this question: another one follows it.
   */
  refresh(): Promise<boolean> {
    if (this.#next !== undefined) return this.#next;
    const next = this.#trying.then(() => {
      this.#next = undefined;
      return this.#try();
    });
    this.#next = next;
    this.#trying = next.catch(() => false);
    return next;
  }

  /** Resolves when the last try that was asked for is over, with whether it brought a snapshot. */
  settled(): Promise<boolean> {
    return this.#trying;
  }

  #hear({ id, type, data }: Message): void {
    if (!isChange.Check(data)) {
      this.#deps.log.warn({ id, type }, 'a config change is unreadable');
      void this.refresh();
      return;
    }
    if (data.kind === 'session-revoked') return;
    if (this.#waiting === null) this.#take(data);
    else this.#waiting.push(data);
  }

  #take(change: NewConfig): void {
    // One revision may change several groups, hence not older instead of newer.
    if (!this.#loaded || change.revision < this.#revision) return;
    const isGap = change.revision > this.#revision + 1;
    this.#revision = change.revision;
    this.#deps.apply(change);
    if (isGap) void this.refresh();
  }

  async #try(): Promise<boolean> {
    if (this.#stopped) return false;
    clearTimeout(this.#retry);
    this.#waiting = [];
    try {
      const reply = await this.#deps.calls.call('config.snapshot', {});
      if (!isSnapshot.Check(reply)) throw new Error('the config snapshot is unreadable');
      if (this.#stopped) return false;
      this.#load(reply);
      this.#told = false;
      this.#takeWaiting();
      return true;
    } catch (error) {
      if (this.#stopped) return false;
      this.#goOnWithout(error);
      this.#takeWaiting();
      return false;
    }
  }

  #load(snapshot: ConfigSnapshot): void {
    // Of another config service that has not heard yet what this one knows.
    if (snapshot.revision < this.#revision) return;
    this.#revision = snapshot.revision;
    this.#loaded = true;
    this.#deps.load(snapshot);
  }

  #goOnWithout(error: unknown): void {
    const { log, standIn, retryMs = 500 } = this.#deps;
    if (!this.#told) {
      log.warn(aboutFailure(error), 'no config snapshot yet; trying until there is one');
    }
    this.#told = true;
    this.#retry = setTimeout(() => void this.refresh(), retryMs);
    const snapshot = this.#loaded ? null : (standIn?.() ?? null);
    if (snapshot !== null) this.#load(snapshot);
  }

  #takeWaiting(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const change of waiting) this.#take(change);
  }
}
