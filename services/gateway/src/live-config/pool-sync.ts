import type { Bus, Calls, Message, Subscription } from '@keymux/bus';
import {
  type CallTable,
  type KeyStateChanged,
  KeyStateChangedSchema,
  PoolKeySchema,
} from '@keymux/contracts';
import type { Clock, Logger } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
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

  async start(): Promise<void> {
    this.#subscription = await this.#deps.bus.follow('KEY_STATE', (message) => this.#hear(message));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const retry of this.#retries) clearTimeout(retry);
    await this.#subscription?.stop();
  }

  /** Loads pools of new groups and forgets those of deleted ones. */
  followGroups(): void {
    const { groups } = this.#deps.live.snapshot;
    for (const name of this.#pools.keys()) if (!groups.has(name)) this.#pools.delete(name);
    for (const group of groups.values()) {
      if (group.type === 'standard' && !this.#pools.has(group.name)) this.#resync(group.name);
    }
  }

  #hear(message: Message): void {
    if (!isChange.Check(message.data)) {
      this.#deps.log.error({ id: message.id, type: message.type }, 'unreadable key state');
      for (const name of this.#pools.keys()) this.#resync(name);
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
    if (gap) {
      this.#deps.log.warn({ group: change.group }, 'missed key states; reading the pool again');
      this.#resync(change.group);
    }
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
      const seen = new Set<string>();
      const first = await this.#page(name, null);
      let page = first;
      for (;;) {
        if (this.#stopped || this.#pools.get(name) !== state) return;
        const pool = this.#deps.live.pool(name);
        const nowMs = this.#deps.clock.now();
        for (const key of page.keys) {
          seen.add(key.id);
          pool.apply(key, nowMs);
        }
        if (page.next === null) break;
        page = await this.#page(name, page.next);
      }
      const pool = this.#deps.live.pool(name);
      pool.keepOnly(seen);
      if (state.revision < 0) pool.startAt(this.#deps.random());
      state.revision = first.pool_revision;
      const waiting = state.waiting ?? [];
      state.waiting = null;
      for (const change of waiting) this.#apply(state, change);
    } catch (error) {
      if (this.#stopped || this.#pools.get(name) !== state) return;
      this.#deps.log.warn({ err: error, group: name }, 'no pool snapshot yet; trying again');
      const retry = setTimeout(() => {
        this.#retries.delete(retry);
        void this.#load(name, state);
      }, 500);
      this.#retries.add(retry);
    }
  }

  async #page(group: string, after: string | null): Promise<CallTable['keys.pool']['reply']> {
    const request: CallTable['keys.pool']['request'] = { group, after, limit: pageKeys };
    const reply = await this.#deps.calls.call('keys.pool', request);
    if (!isPage.Check(reply)) throw new Error(`the snapshot of pool ${group} is unreadable`);
    return reply;
  }
}
