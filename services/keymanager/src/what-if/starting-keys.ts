import { setImmediate as nextTurn } from 'node:timers/promises';
import { keyEventSchemas } from '@keymux/contracts';
import type { EventStore, StoredEvent } from '@keymux/event-store';
import { everyEvents, unfolded } from '../history/key-then.ts';
import type { Begun } from '../history/snapped-pool.ts';
import type { KeyFact } from '../key/command.ts';
import { evolve } from '../key/evolve.ts';
import type { KeyState } from '../key/state.ts';
import { readFact, streamOfKey } from '../key/stored-fact.ts';
import type { KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import { readSnapshot } from '../key-snapshots/snapshot-text.ts';

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

/** What always follows from outcomes. */
const decidedTypes: ReadonlySet<string> = new Set<KeyFact['type']>([
  'KeyFailed',
  'KeyBlacklisted',
  'KeyCooled',
  'KeyRecovered',
  'KeyForgiven',
]);
const outsideTypes = Object.keys(keyEventSchemas).filter((type) => !decidedTypes.has(type));

/** True for what follows from outcomes, and is decided anew. */
function isFromOutcome(fact: KeyFact): boolean {
  if (fact.type === 'KeyRestored') return fact.data.reason === 'guard';
  return decidedTypes.has(fact.type);
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
    // What came to a key before its first outcome came after its import, in the window too.
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

/**
 * Reads a key's part of a replay: all of its events up to the first outcome, from the newest fold that
 * is known, and of those after it only what came from outside.
 */
export async function readStartingKey(
  deps: {
    readonly store: Pick<EventStore, 'read'>;
    readonly snapshots: Pick<KeySnapshots, 'latest'>;
  },
  id: string,
  about: Parameters<typeof startingKey>[2] & {
    readonly isLong: boolean;
    /** As it was in a snapshot of its pool from before. */
    readonly inPool: Begun | undefined;
  },
): Promise<StartingKey> {
  const first = about.heard[0]?.version ?? Number.MAX_SAFE_INTEGER;
  const begun = await beginning(deps.snapshots, id, { ...about, first });
  const before = await readEvents(deps.store, id, { from: begun.version + 1, through: first });
  if (about.heard.length > 0) {
    const from = Math.max(begun.version, first) + 1;
    before.push(...(await readEvents(deps.store, id, { from, types: outsideTypes })));
  }
  return startingKey(begun.state, before, about);
}

async function readEvents(
  store: Pick<EventStore, 'read'>,
  id: string,
  {
    from,
    through = Number.MAX_SAFE_INTEGER,
    types,
  }: { readonly from: number; readonly through?: number; readonly types?: readonly string[] },
): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  const ofTypes = types === undefined ? {} : { types };
  for (let next = from; next <= through;) {
    const limit = Math.min(everyEvents, through - next + 1);
    const page = await store.read(streamOfKey(id), { from: next, limit, ...ofTypes });
    found.push(...page);
    if (page.length < limit) break;
    next = (page.at(-1)?.version ?? through) + 1;
    await nextTurn();
  }
  return found;
}

async function beginning(
  snapshots: Pick<KeySnapshots, 'latest'>,
  id: string,
  {
    fromMs,
    first,
    isLong,
    inPool,
  }: Parameters<typeof readStartingKey>[2] & { readonly first: number },
): Promise<Begun> {
  const snapshot = isLong ? await snapshots.latest(id, fromMs - 1) : undefined;
  const state = snapshot === undefined ? undefined : readSnapshot(snapshot.text);
  const alone = state && snapshot && { state, version: snapshot.version };
  // What was heard in the window is decided anew, also where it had happened before.
  const known = [alone, inPool].filter((each) => each !== undefined && each.version <= first);
  return known.reduce<Begun>(
    (newest, each) => (each !== undefined && each.version > newest.version ? each : newest),
    unfolded,
  );
}
