import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KeyStatus } from '@keymux/contracts';
import type { EventStore, StoredEvent } from '@keymux/event-store';
import { isLive, statusAt } from '../key/state.ts';
import { keyOfStream } from '../key/stored-fact.ts';
import type { PoolSnapshots } from '../pool-snapshots/pool-snapshots.ts';
import { poolClosed } from '../roster/ledger.ts';
import { type Folded, foldUntil, unfolded } from './key-then.ts';
import { type PoolQuestion, readSnappedPool } from './snapped-pool.ts';

const pageEvents = 2_000;

/** A key of a pool as it was. */
export interface PoolKeyThen {
  readonly id: string;
  readonly masked: string;
  readonly status: KeyStatus;
}

interface Folding {
  folded: Folded;
  /** True once an event came that was after the moment. */
  ended: boolean;
}

interface PastDeps {
  readonly store: Pick<EventStore, 'readAll'>;
  readonly poolSnapshots: Pick<PoolSnapshots, 'latest' | 'parts'>;
}

/**
 * The keys that a group had at a moment, in the order of their import, those deleted since too. Reads
 * a snapshot and the events after it, in slices, so that whoever else works in this process gets a turn.
 */
export async function readPoolThen(deps: PastDeps, asked: PoolQuestion): Promise<PoolKeyThen[]> {
  const { group, atMs } = asked;
  const snapped = await readSnappedPool(deps.poolSnapshots, asked);
  const keys = new Map<string, Folding>();
  for (const [id, begun] of snapped.keys)
    keys.set(id, { folded: { ...unfolded, ...begun }, ended: false });
  const until = new Date(atMs).toISOString();
  for (let { position } = snapped; ;) {
    const page = await deps.store.readAll(position, pageEvents, until);
    const last = page.at(-1);
    if (last === undefined) break;
    for (const event of page) {
      if (event.type === poolClosed && event.data['group'] === group) keys.clear();
      else fold(keys, event, asked);
    }
    ({ position } = last);
    await nextTurn();
  }
  const found: PoolKeyThen[] = [];
  for (const [id, { folded }] of keys) {
    const { state } = folded;
    if (!isLive(state)) continue;
    found.push({ id, masked: state.masked, status: statusAt(state, atMs) });
  }
  return found;
}

function fold(keys: Map<string, Folding>, event: StoredEvent, { group, atMs }: PoolQuestion): void {
  const id = keyOfStream(event.stream);
  if (id === undefined) return;
  const { version } = event;
  let key = keys.get(id);
  if (key === undefined) {
    if (version !== 1 || event.data['group'] !== group) return;
    key = { folded: unfolded, ended: false };
    keys.set(id, key);
  }
  if (key.ended || version <= key.folded.version) return;
  // What was left out before it was after the moment.
  const next = version > key.folded.version + 1 ? undefined : foldUntil(key.folded, event, atMs);
  if (next === undefined) key.ended = true;
  else key.folded = next;
}
