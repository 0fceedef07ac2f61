import type { EventStore, StoredEvent } from '@keymux/event-store';
import { everyEvents } from '../history/key-then.ts';
import type { KeyFact } from '../key/command.ts';
import { evolve } from '../key/evolve.ts';
import { initialState, type KeyState } from '../key/state.ts';
import { readFact, streamOfKey } from '../key/stored-fact.ts';
import type { KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import { readSnapshot } from '../key-snapshots/snapshot-text.ts';
import type { Pace } from './pace.ts';

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

/** Splits a key's events after a state into its state at a moment and what happened to it from outside then. */
export function startingKey(
  before: KeyState,
  events: readonly Pick<StoredEvent, 'type' | 'time' | 'data' | 'version'>[],
  {
    fromMs,
    toMs,
    heard,
  }: { readonly fromMs: number; readonly toMs: number; readonly heard: HeardAt },
): StartingKey {
  const first = heard[0]?.version ?? null;
  let state = before;
  const changes: OutsideChange[] = [];
  for (const event of events) {
    const fact = readFact(event);
    if (fact === undefined) continue;
    const outside = !isFromOutcome(fact);
    // An outcome may have happened before the window and been heard in it: then it is replayed.
    const isBefore = first === null ? fact.atMs < fromMs : event.version <= first;
    // What came to a key before its first failure came after its import, in the window too.
    const waits = changes.length > 0;
    if (isBefore && !waits && (fact.atMs < fromMs || !outside)) state = evolve(state, fact);
    else if ((outside || isBefore) && fact.atMs < toMs) {
      const earlier = heard.findLast(({ version }) => version < event.version);
      const atMs = Math.max(fact.atMs, earlier?.heardMs ?? 0, fromMs);
      changes.push({ version: event.version, atMs, fact });
    }
  }
  return { state, changes };
}

/** Reads a key's part of a replay; of a long life from its last snapshot before. */
export async function readStartingKey(
  deps: {
    readonly store: Pick<EventStore, 'read'>;
    readonly snapshots: Pick<KeySnapshots, 'latest'>;
    readonly pace: Pace;
  },
  id: string,
  about: Parameters<typeof startingKey>[2] & { readonly isLong: boolean },
): Promise<StartingKey> {
  const { store, pace } = deps;
  const begun = await beginning(deps.snapshots, id, about);
  const events: StoredEvent[] = [];
  for (;;) {
    const next = begun.version + events.length + 1;
    const page = await store.read(streamOfKey(id), next, everyEvents);
    events.push(...page);
    if (page.length < everyEvents) break;
    await pace();
  }
  return startingKey(begun.state, events, about);
}

async function beginning(
  snapshots: Pick<KeySnapshots, 'latest'>,
  id: string,
  { fromMs, heard, isLong }: Parameters<typeof readStartingKey>[2],
): Promise<{ readonly state: KeyState; readonly version: number }> {
  const snapshot = isLong ? await snapshots.latest(id, fromMs - 1) : undefined;
  const state = snapshot === undefined ? undefined : readSnapshot(snapshot.text);
  if (snapshot === undefined || state === undefined) return { state: initialState, version: 0 };
  // What was heard in the window is decided anew, also where it had happened before.
  if (snapshot.version > (heard[0]?.version ?? snapshot.version)) {
    return { state: initialState, version: 0 };
  }
  return { state, version: snapshot.version };
}
