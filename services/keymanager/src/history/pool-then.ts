import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KeyStatus } from '@keymux/contracts';
import type { EventStore, StoredEvent } from '@keymux/event-store';
import { isLive, statusAt } from '../key/state.ts';
import { keyOfStream } from '../key/stored-fact.ts';
import { unpackPart } from '../pool-snapshots/pool-part.ts';
import type { PoolSnapshots } from '../pool-snapshots/pool-snapshots.ts';
import { poolClosed } from '../roster/ledger.ts';
import { type Folded, foldUntil, unfolded } from './key-then.ts';

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

/** What is asked: the keys of a group at a moment, epoch ms. */
export interface PoolQuestion {
  readonly group: string;
  readonly atMs: number;
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
  const begun = await fromSnapshot(deps.poolSnapshots, asked);
  const { keys } = begun;
  const until = new Date(atMs).toISOString();
  for (let { position } = begun; ;) {
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

async function fromSnapshot(
  snapshots: Pick<PoolSnapshots, 'latest' | 'parts'>,
  { group, atMs }: PoolQuestion,
): Promise<{ keys: Map<string, Folding>; position: number }> {
  const keys = new Map<string, Folding>();
  const snapshot = await snapshots.latest(group, atMs);
  if (snapshot === undefined) return { keys, position: 0 };
  for await (const part of snapshots.parts(snapshot)) {
    const found = await unpackPart(part, group);
    if (found === undefined) return { keys: new Map(), position: 0 };
    for (const { id, version, state } of found) {
      const folded = { state, version, throughMs: 0, complete: true };
      keys.set(id, { folded, ended: false });
    }
  }
  // One that was taken away meanwhile was perhaps not read to its end.
  const still = await snapshots.latest(group, atMs);
  if (still?.position !== snapshot.position) return fromSnapshot(snapshots, { group, atMs });
  return { keys, position: snapshot.position };
}
