import { aboutFailure, type Bus, type Calls, type Message, type Subscription } from '@keymux/bus';
import {
  type CallTable,
  type KeyStateChanged,
  KeyStateChangedSchema,
  PoolKeySchema,
} from '@keymux/contracts';
import type { Clock, Logger } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { KeptPools } from './kept-pools.ts';
import type { LiveConfig } from './live-config.ts';

const isChange = Compile(KeyStateChangedSchema);
const isPage = Compile(
  Type.Object({
    pool_revision: Type.Integer(),
    keys: Type.Array(PoolKeySchema),
    next: Type.Union([Type.String(), Type.Null()]),
  }),
);
const pageKeys = 5_000;

export interface PoolSyncDeps {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly log: Logger;
  readonly clock: Clock;
  readonly live: LiveConfig;
  readonly random: () => number;
  /** Where the last copies are kept; null keeps none. */
  readonly kept: KeptPools | null;
}

/** Where the copy of one pool stands. */
interface PoolState {
  revision: number;
  /** Changes that came while a snapshot was being read; null when the copy is complete. */
  waiting: KeyStateChanged[] | null;
}

/** Keeps every pool equal to keymanager's: a snapshot in pages, then gap-free changes. */
export class PoolSync {
  readonly #deps: PoolSyncDeps;
  readonly #pools = new Map<string, PoolState>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #subscription: Subscription | undefined;
  #stopped = false;
  /** That there are no snapshots, of which one line is enough. */
  #told = false;

  constructor(deps: PoolSyncDeps) {
    this.#deps = deps;
  }

  /** True when a whole copy of every group's pool is there. */
  get loaded(): boolean {
    for (const group of this.#deps.live.snapshot.groups.values()) {
      if (group.type !== 'standard') continue;
      const state = this.#pools.get(group.name);
      if (state === undefined || state.revision < 0) return false;
    }
    return true;
  }

  /** Where every pool stands that a copy is there of. */
  *standing(): Generator<{ group: string; revision: number; usableKeys: number }> {
    for (const [group, { revision }] of this.#pools) {
      if (revision < 0) continue;
      yield { group, revision, usableKeys: this.#deps.live.pool(group).usableCount };
    }
  }

  async start(): Promise<void> {
    this.#subscription = await this.#deps.bus.follow(
      'KEY_STATE',
      (message) => this.#hear(message),
      () => this.#resyncAll(),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const retry of this.#retries) clearTimeout(retry);
    await this.#subscription?.stop();
    this.#deps.kept?.close();
  }

  /** Loads pools of new groups and forgets those of deleted ones. */
  followGroups(): void {
    const { groups } = this.#deps.live.snapshot;
    for (const name of this.#pools.keys()) {
      if (groups.has(name)) continue;
      this.#pools.delete(name);
      this.#keep((kept) => kept.forget(name));
    }
    for (const group of groups.values()) {
      if (group.type === 'standard' && !this.#pools.has(group.name)) this.#resync(group.name);
    }
  }

  #hear(message: Message): void {
    if (!isChange.Check(message.data)) {
      this.#deps.log.error({ id: message.id, type: message.type }, 'unreadable key state');
      this.#resyncAll();
      return;
    }
    const change = message.data;
    const state = this.#pools.get(change.group);
    if (state === undefined) return;
    if (state.waiting === null) this.#apply(state, change);
    else state.waiting.push(change);
  }

  #apply(state: PoolState, change: KeyStateChanged): void {
    if (change.pool_revision <= state.revision) return;
    const gap = change.pool_revision > state.revision + 1;
    const pool = this.#deps.live.pool(change.group);
    const nowMs = this.#deps.clock.now();
    for (const key of change.changes) pool.apply(key, nowMs);
    state.revision = change.pool_revision;
    const { group, pool_revision: revision, changes: keys } = change;
    const long = this.#keep((kept) => kept.add(group, { revision, keys }));
    if (long === true && !gap) this.#resync(group);
    if (gap) {
      this.#deps.log.warn({ group: change.group }, 'missed key states; reading the pool again');
      this.#resync(change.group);
    }
  }

  #resyncAll(): void {
    for (const name of this.#pools.keys()) this.#resync(name);
  }

  #resync(name: string): void {
    const state = this.#pools.get(name) ?? { revision: -1, waiting: [] };
    const busy = this.#pools.has(name) && state.waiting !== null;
    state.waiting ??= [];
    this.#pools.set(name, state);
    if (!busy) void this.#load(name, state);
  }

  async #load(name: string, state: PoolState): Promise<void> {
    try {
      const first = await this.#page(name, null);
      const revision = first.pool_revision;
      const copy = this.#keep((kept) => kept.begin(name));
      const pool = this.#deps.live.pool(name);
      const snapshot = pool.snapshot();
      let page = first;
      for (;;) {
        if (this.#stopped || this.#pools.get(name) !== state) return;
        const { keys } = page;
        snapshot.take(keys, this.#deps.clock.now());
        this.#keep(() => copy?.page({ revision, keys }));
        if (page.next === null) break;
        page = await this.#page(name, page.next);
      }
      snapshot.end();
      if (state.revision < 0) pool.startAt(this.#deps.random());
      state.revision = revision;
      this.#keep(() => copy?.end());
      const waiting = state.waiting ?? [];
      state.waiting = null;
      this.#told = false;
      for (const change of waiting) this.#apply(state, change);
    } catch (error) {
      if (this.#stopped || this.#pools.get(name) !== state) return;
      if (!this.#told) {
        const about = { ...aboutFailure(error), group: name };
        this.#deps.log.warn(about, 'no pool snapshot yet; trying until there is one');
        this.#told = true;
      }
      if (state.revision < 0) await this.#restore(name, state);
      const retry = setTimeout(() => {
        this.#retries.delete(retry);
        void this.#load(name, state);
      }, 500);
      this.#retries.add(retry);
    }
  }

  /** Serves with the copy on disk until there is a newer one. */
  async #restore(name: string, state: PoolState): Promise<void> {
    const { kept, live, clock, log, random } = this.#deps;
    if (kept === null) return;
    try {
      let revision = -1;
      for await (const line of kept.read(name)) {
        if (this.#stopped || this.#pools.get(name) !== state) return;
        revision = line.revision;
        for (const key of line.keys) live.pool(name).apply(key, clock.now());
      }
      if (revision < 0) return;
      live.pool(name).startAt(random());
      state.revision = revision;
      log.warn({ group: name, revision }, 'serving with the last copy of the pool');
    } catch (error) {
      log.warn({ err: error, group: name }, 'the last copy of the pool cannot be read');
    }
  }

  /** A copy that cannot be written is no reason not to serve. */
  #keep<T>(work: (kept: KeptPools) => T): T | undefined {
    const { kept, log } = this.#deps;
    if (kept === null) return undefined;
    try {
      return work(kept);
    } catch (error) {
      log.warn({ err: error }, 'the last copy of a pool cannot be kept');
      return undefined;
    }
  }

  async #page(group: string, after: string | null): Promise<CallTable['keys.pool']['reply']> {
    const request: CallTable['keys.pool']['request'] = { group, after, limit: pageKeys };
    const reply = await this.#deps.calls.call('keys.pool', request);
    if (!isPage.Check(reply)) throw new Error(`the snapshot of pool ${group} is unreadable`);
    return reply;
  }
}
