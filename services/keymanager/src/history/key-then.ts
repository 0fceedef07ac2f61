import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventStore, StoredEvent } from '@keymux/event-store';
import { evolve } from '../key/evolve.ts';
import { initialState, isLive, type KeyState, type LiveKey } from '../key/state.ts';
import { readFact, streamOfKey } from '../key/stored-fact.ts';
import type { KeySnapshot, KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import { readSnapshot, snapshotText } from '../key-snapshots/snapshot-text.ts';

/** Events between two snapshots, and in one read. */
export const everyEvents = 500;

/** How far a key's events are folded. */
export interface Folded {
  readonly state: KeyState;
  readonly version: number;
  /** The latest time of the events that are folded in, epoch ms. */
  readonly throughMs: number;
  /** False once there was an event that only a later version can read. */
  readonly complete: boolean;
}

export const unfolded: Folded = { state: initialState, version: 0, throughMs: 0, complete: true };

/**
 * Folds one more event in; undefined when it was after the moment. Clocks may differ between events:
 * one counts from when it and all before it had happened.
 */
export function foldUntil(before: Folded, event: StoredEvent, atMs: number): Folded | undefined {
  const throughMs = Math.max(before.throughMs, Date.parse(event.time));
  if (throughMs > atMs) return undefined;
  const fact = readFact(event);
  const { version } = event;
  if (fact === undefined) return { ...before, version, throughMs, complete: false };
  return { ...before, version, throughMs, state: evolve(before.state, fact) };
}

/** A key as it was at a moment; undefined when it was not there. Leaves snapshots for the next reader. */
export async function readKeyThen(
  {
    store,
    snapshots,
  }: { readonly store: Pick<EventStore, 'read'>; readonly snapshots: KeySnapshots },
  id: string,
  atMs: number,
): Promise<{ readonly state: LiveKey; readonly version: number } | undefined> {
  const taken: KeySnapshot[] = [];
  let folded = startFrom(await snapshots.latest(id, atMs));
  for (let more = true; more;) {
    const events = await store.read(streamOfKey(id), {
      from: folded.version + 1,
      limit: everyEvents,
    });
    more = events.length === everyEvents;
    for (const event of events) {
      const next = foldUntil(folded, event, atMs);
      if (next === undefined) {
        more = false;
        break;
      }
      folded = next;
      const { state, version, throughMs, complete } = folded;
      if (version % everyEvents === 0 && complete && isLive(state)) {
        taken.push({ id, version, throughMs, text: snapshotText(state) });
      }
    }
    // Whoever else works in this process gets a turn.
    if (more) await nextTurn();
  }
  await snapshots.put(taken);
  const { state, version } = folded;
  return isLive(state) ? { state, version } : undefined;
}

function startFrom(snapshot: KeySnapshot | undefined): Folded {
  const state = snapshot === undefined ? undefined : readSnapshot(snapshot.text);
  if (snapshot === undefined || state === undefined) return unfolded;
  const { version, throughMs } = snapshot;
  return { state, version, throughMs, complete: true };
}
