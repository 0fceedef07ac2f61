import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KeyStatus } from '@keymux/contracts';
import type { EventStore } from '@keymux/event-store';
import { isLive, statusAt } from '../key/state.ts';
import { keyOfStream } from '../key/stored-fact.ts';
import { poolClosed } from '../roster/ledger.ts';
import { type Folded, foldUntil, unfolded } from './key-then.ts';

const pageEvents = 2_000;

/** A key of a pool as it was; `seq` is the place of its import among all events. */
export interface PoolKeyThen {
  readonly seq: number;
  readonly id: string;
  readonly masked: string;
  readonly status: KeyStatus;
}

interface Folding {
  readonly seq: number;
  folded: Folded;
  /** True once an event came that was after the moment. */
  ended: boolean;
}

/**
 * The keys that a group had at a moment, in the order of their import, those deleted since too. Reads
 * all events, in slices, so that whoever else works in this process gets a turn.
 */
export async function readPoolThen(
  store: Pick<EventStore, 'readAll'>,
  group: string,
  atMs: number,
): Promise<PoolKeyThen[]> {
  const keys = new Map<string, Folding>();
  for (let position = 0; ;) {
    const page = await store.readAll(position, pageEvents);
    const last = page.at(-1);
    if (last === undefined) break;
    for (const event of page) {
      const { type, data } = event;
      if (type === poolClosed && data['group'] === group && Date.parse(event.time) <= atMs) {
        keys.clear();
        continue;
      }
      const id = keyOfStream(event.stream);
      if (id === undefined) continue;
      if (type === 'KeyImported' && data['group'] === group && !keys.has(id)) {
        keys.set(id, { seq: event.position, folded: unfolded, ended: false });
      }
      const key = keys.get(id);
      if (key === undefined || key.ended) continue;
      const next = foldUntil(key.folded, event, atMs);
      if (next === undefined) key.ended = true;
      else key.folded = next;
    }
    position = last.position;
    await nextTurn();
  }
  return Array.from(keys).flatMap(
    ([
      id,
      {
        seq,
        folded: { state },
      },
    ]): PoolKeyThen[] =>
      isLive(state) ? [{ seq, id, masked: state.masked, status: statusAt(state, atMs) }] : [],
  );
}
