import { everyEvents } from '../history/key-then.ts';
import type { Begun, SnappedPool } from '../history/snapped-pool.ts';
import { initialState } from '../key/state.ts';
import { type KeyList, keysInOrder } from '../roster/key-list.ts';
import type { KeyRow } from '../roster/keys.ts';
import type { Following } from './following.ts';
import type { Pace } from './pace.ts';
import { type HeardAt, readStartingKey, type StartingKey } from './starting-keys.ts';

const pageKeys = 1_000;
/** Of which events are asked at once: a store may be far away. */
const keysAtOnce = 32;

/** A pool as a replay finds it. */
export interface StartingPool {
  /** Keys that have a past, or a failure in the window. */
  readonly keys: ReadonlyMap<string, StartingKey>;
  /** How many others there were. */
  readonly others: number;
  /** When more of those came, epoch ms. */
  readonly coming: readonly number[];
}

type Deps = Parameters<typeof readStartingKey>[0] & {
  readonly list: KeyList;
  readonly pace: Pace;
};

interface About {
  /** Null when the group never had a key. */
  readonly poolId: number | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly snapped: SnappedPool;
  /** What was heard in the window. */
  readonly following: Following;
}

interface Asked {
  readonly id: string;
  readonly heard: HeardAt;
  readonly isLong: boolean;
}

/** Reads what a replay starts from: of most keys only where they stand in the list. */
export async function readStartingPool(deps: Deps, about: About): Promise<StartingPool> {
  const { poolId, fromMs, toMs, snapped, following } = about;
  const keys = new Map<string, StartingKey>();
  const coming: number[] = [];
  let others = 0;
  let asked: Asked[] = [];

  const ask = (id: string, version: number, heard: HeardAt): void =>
    void asked.push({ id, heard, isLong: version > everyEvents });

  function listed(row: KeyRow): void {
    const { id, version, createdMs } = row;
    const heard = following.heardOf(id);
    if (heard !== undefined) {
      const begun = createdMs < toMs ? following.begun(id, version) : undefined;
      if (begun === undefined) ask(id, version, heard);
      else keys.set(id, startOf(row, begun, fromMs));
    } else if (createdMs >= toMs) {
      return;
    } else if (version > 1) {
      const known = snapped.keys.get(id);
      if (known?.version === version) keys.set(id, { state: known.state, changes: [] });
      else ask(id, version, []);
    } else if (createdMs < fromMs) {
      others += 1;
    } else {
      coming.push(createdMs);
    }
  }

  async function readAsked(): Promise<void> {
    for (let at = 0; at < asked.length; at += keysAtOnce) {
      const reading = asked.slice(at, at + keysAtOnce).map(async ({ id, ...of }) => {
        const inPool = snapped.keys.get(id);
        return [id, await readStartingKey(deps, id, { fromMs, toMs, inPool, ...of })] as const;
      });
      for (const [id, key] of await Promise.all(reading)) keys.set(id, key);
      await deps.pace();
    }
    asked = [];
  }

  if (poolId !== null) {
    for (let behindSeq = 0; ;) {
      const which = { poolId, filter: {}, behindSeq, limit: pageKeys };
      const page = await keysInOrder(deps.list, which);
      for (const row of page.keys) listed(row);
      await readAsked();
      await deps.pace();
      if (page.next === null) break;
      behindSeq = page.next;
    }
  }
  // Those that were deleted since.
  for (const [id, heard] of following.heard()) {
    if (!keys.has(id)) ask(id, heard.at(-1)?.version ?? 0, heard);
  }
  await readAsked();
  return { keys, others, coming };
}

/** A key that only outcomes changed in the window; it may have come in it. */
function startOf(row: KeyRow, { state, version }: Begun, fromMs: number): StartingKey {
  const { createdMs } = row;
  if (version > 1 || createdMs < fromMs) return { state, changes: [] };
  const { group, sealed, fingerprint, masked } = row.state;
  const data = { group, sealed, fingerprint, masked, task_id: null };
  const fact = { type: 'KeyImported', data, atMs: createdMs } as const;
  return { state: initialState, changes: [{ version, atMs: createdMs, fact }] };
}
