import type { EventStore, StoredEvent } from '@keymux/event-store';
import type { KeyFact } from '../key/command.ts';
import { evolve } from '../key/evolve.ts';
import { initialState, type KeyState } from '../key/state.ts';
import { readFact, streamOfKey } from '../key/stored-fact.ts';

/** A fact that no outcome made: a person, a probe or an import. */
export interface OutsideChange {
  readonly version: number;
  /** When it takes effect, epoch ms. */
  readonly atMs: number;
  readonly fact: KeyFact;
}

/** A key as a replay finds it, and what happens to it besides outcomes. */
export interface StartingKey {
  readonly state: KeyState;
  readonly changes: readonly OutsideChange[];
}

/** When outcomes of a key were heard, and at which version of it; in that order. */
export type HeardAt = readonly { readonly version: number; readonly heardMs: number }[];

/** True for what follows from outcomes, and is decided anew. */
function isFromOutcome(fact: KeyFact): boolean {
  switch (fact.type) {
    case 'KeyFailed':
    case 'KeyBlacklisted':
    case 'KeyCooled':
    case 'KeyRecovered':
    case 'KeyForgiven':
      return true;
    case 'KeyRestored':
      return fact.data.reason === 'guard';
    default:
      return false;
  }
}

/** Splits a key's events into its state at a moment and what happened to it from outside then. */
export function startingKey(
  events: readonly Pick<StoredEvent, 'type' | 'time' | 'data' | 'version'>[],
  {
    fromMs,
    toMs,
    heard,
  }: { readonly fromMs: number; readonly toMs: number; readonly heard: HeardAt },
): StartingKey {
  const first = heard[0]?.version ?? null;
  let state: KeyState = initialState;
  const changes: OutsideChange[] = [];
  for (const event of events) {
    const fact = readFact(event);
    if (fact === undefined) continue;
    const outside = !isFromOutcome(fact);
    // An outcome may have happened before the window and been heard in it: then it is replayed.
    const before = first === null ? fact.atMs < fromMs : event.version <= first;
    if (before && (fact.atMs < fromMs || !outside)) state = evolve(state, fact);
    else if (outside && fact.atMs < toMs) {
      const earlier = heard.findLast(({ version }) => version < event.version);
      const atMs = Math.max(fact.atMs, earlier?.heardMs ?? 0, fromMs);
      changes.push({ version: event.version, atMs, fact });
    }
  }
  return { state, changes };
}

/** Reads a key's part of a replay. */
export async function readStartingKey(
  store: Pick<EventStore, 'read'>,
  id: string,
  about: Parameters<typeof startingKey>[1],
): Promise<StartingKey> {
  return startingKey(await store.read(streamOfKey(id)), about);
}
