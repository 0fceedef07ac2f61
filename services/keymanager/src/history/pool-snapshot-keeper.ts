import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Logger } from '@keymux/service';
import { packPart } from '../pool-snapshots/pool-part.ts';
import type { PoolSnapshots } from '../pool-snapshots/pool-snapshots.ts';
import { sparePositions } from '../pool-snapshots/spare.ts';
import { keysInOrder } from '../roster/key-list.ts';
import type { Roster } from '../roster/roster.ts';

/** Takes snapshots of pools while events come. */
export interface PoolSnapshotKeeper {
  /** Hears that keys of a group changed. */
  changed(group: string, keys: number): void;
  /** Takes all snapshots anew, because the keys they were taken from were not what their events say. */
  anew(): Promise<void>;
  /** Resolves when nothing is written any more. */
  stop(): Promise<void>;
}

const pageKeys = 1_000;
/** Events, of all pools, between two snapshots of a small pool; of a large one, a quarter of its keys. */
const fewestEvents = 10_000;
/** Of one pool; each has all its keys. */
const mostSnapshots = 24;
/** Of so many keys of a large pool, one must have changed. */
const keysAChange = 20;
/** Changes come in bursts, an import above all: a snapshot is taken after one. */
const quietMs = 1_000;
const longestMs = 15_000;
/** Times of events are those of several machines: none is ahead by as much. */
const clocksApartMs = 60_000;

interface Growing {
  /** Keys that changed, each as often as it was told. */
  changes: number;
  /** How many keys the pool has; null until its newest snapshot was looked for. */
  keys: number | null;
  /** That of its newest snapshot. */
  position: number;
  /** When it was first to be looked at; null when it is not. */
  waitingMs: number | null;
  timer: NodeJS.Timeout | null;
}

/** Makes one: a pool is written as the roster has it, so that nothing has to be folded for it. */
export function createPoolSnapshotKeeper({
  roster,
  snapshots,
  clock,
  log,
  quietMs: pauseMs = quietMs,
  fewestEvents: fewest = fewestEvents,
  mostSnapshots: most = mostSnapshots,
}: {
  readonly roster: Pick<Roster, 'pools' | 'list' | 'foldedThrough'>;
  readonly snapshots: PoolSnapshots;
  readonly clock: Clock;
  readonly log: Logger;
  readonly quietMs?: number;
  readonly fewestEvents?: number;
  readonly mostSnapshots?: number;
}): PoolSnapshotKeeper {
  const pools = new Map<string, Growing>();
  let working: Promise<unknown> = Promise.resolve();
  let stopped = false;

  async function take(group: string, poolId: number, position: number): Promise<number> {
    const parts: Uint8Array[] = [];
    let keys = 0;
    for (let behindSeq = 0; !stopped;) {
      const asked = { poolId, filter: {}, behindSeq, limit: pageKeys };
      const page = await keysInOrder(roster.list, asked);
      parts.push(await packPart(page.keys));
      keys += page.keys.length;
      if (page.next === null) break;
      behindSeq = page.next;
      await nextTurn();
    }
    if (stopped) return keys;
    const throughMs = clock.now() + clocksApartMs;
    await snapshots.put({ group, position, throughMs }, parts);
    const positions = await snapshots.positions(group);
    for (const spare of sparePositions(positions, most)) await snapshots.remove(group, spare);
    return keys;
  }

  async function look(group: string, growing: Growing): Promise<void> {
    const pool = await roster.pools.find(group);
    if (pool === undefined) return void pools.delete(group);
    if (growing.keys === null) {
      const last = await snapshots.latest(group, Number.MAX_SAFE_INTEGER);
      growing.position = last?.position ?? 0;
      growing.keys = await roster.list.count(pool.id, {});
    }
    const through = await roster.foldedThrough();
    if (through - growing.position < Math.max(fewest, growing.keys / 4)) return;
    growing.changes = 0;
    growing.keys = await take(group, pool.id, through);
    growing.position = through;
  }

  function lookSoon(group: string, growing: Growing): void {
    growing.timer = null;
    growing.waitingMs = null;
    working = working
      .then(() => (stopped ? undefined : look(group, growing)))
      .catch((error: unknown) =>
        log.warn({ err: error, group }, 'no snapshot of a pool could be taken: the next one may'),
      );
  }

  return {
    changed(group, keys) {
      if (stopped) return;
      const growing = pools.get(group) ?? notLookedAt();
      pools.set(group, growing);
      growing.changes += keys;
      if (growing.changes < (growing.keys ?? 0) / keysAChange) return;
      const nowMs = performance.now();
      growing.waitingMs ??= nowMs;
      if (growing.timer === null) {
        growing.timer = setTimeout(() => lookSoon(group, growing), pauseMs);
      } else if (nowMs - growing.waitingMs < longestMs) {
        growing.timer.refresh();
      }
    },
    async anew() {
      working = working.then(() => snapshots.clear());
      await working;
      for (const { name } of await roster.pools.all()) {
        const { timer = null } = pools.get(name) ?? {};
        if (timer !== null) clearTimeout(timer);
        const growing = notLookedAt();
        pools.set(name, growing);
        lookSoon(name, growing);
      }
    },
    async stop() {
      stopped = true;
      for (const { timer } of pools.values()) if (timer !== null) clearTimeout(timer);
      await working;
    },
  };
}

const notLookedAt = (): Growing => ({
  changes: 0,
  keys: null,
  position: 0,
  waitingMs: null,
  timer: null,
});
