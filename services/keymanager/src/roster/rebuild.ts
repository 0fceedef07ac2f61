import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventStore, StoredEvent } from '@keymux/event-store';
import { evolve } from '../key/evolve.ts';
import { initialState, isLive, type KeyState } from '../key/state.ts';
import { keyOfStream, readFact } from '../key/stored-fact.ts';
import { poolClosed } from './ledger.ts';
import type { ChangedKey } from './unit.ts';

/** A key that is folded from its events alone. */
export interface FoldedKey {
  readonly id: string;
  readonly group: string;
  readonly poolId: number;
  /** The position of its first event. */
  readonly position: number;
  readonly createdMs: number;
  version: number;
  state: KeyState;
  /** A version that the roster has of it and no event: it is no reason to wait for more events. */
  wrongVersion: number | null;
}

/** What putting a key in its place came to. */
export type Placed =
  | { readonly kind: 'same' }
  /** The roster had it otherwise, not at all, or though it was deleted. */
  | { readonly kind: 'replaced' | 'added' | 'removed'; readonly changed: ChangedKey }
  /** The roster has a later version (null: something else is in the way): to be tried again. */
  | { readonly kind: 'behind'; readonly version: number | null };

/** The roster as a rebuild needs it. Each call is one turn: what others write, they write before or after. */
export interface RosterPlaces {
  /** The number of the pool that was the nth of its name (0 is the first), made when it is missing. */
  nthPool(name: string, index: number): Promise<number>;
  /** Folds all that there is by now into keys. */
  foldOn(keys: readonly FoldedKey[]): Promise<void>;
  /** Puts keys in their places where the roster has them otherwise; a result for each. */
  put(keys: readonly FoldedKey[]): Promise<readonly Placed[]>;
  /** Keeps, of all events after one position up to that of the last one given, those that are verdicts. */
  renewVerdicts(afterPosition: number, page: readonly StoredEvent[]): Promise<void>;
  /** Takes keys out that no event speaks of, a page of all keys at a time. */
  sweep(
    afterSeq: number,
  ): Promise<{ readonly removed: readonly ChangedKey[]; next: number | null }>;
}

/** What a rebuild found, in keys. */
export interface RebuiltKeys {
  /** Events that were walked through. */
  readonly events: number;
  /** That there are. */
  readonly keys: number;
  readonly replaced: number;
  readonly added: number;
  readonly removed: number;
  /** Whose place another key of the same secret has. */
  readonly unplaced: number;
}

/** How far a rebuild is for good: another one may go on there. */
export interface RebuiltThrough {
  /** What events up to here say is in its place. */
  readonly position: number;
  readonly keys: RebuiltKeys;
}

/** How a rebuild is watched and ended. */
export interface RebuildWatch {
  /** Where one before this ended; at the beginning by default. */
  readonly from?: RebuiltThrough;
  /** Ends it early when it aborts. */
  readonly signal?: AbortSignal;
  /** Is told keys that the roster had otherwise. */
  readonly changed?: (keys: readonly ChangedKey[]) => Promise<void>;
  /** Is told keys that are in their places. */
  readonly inPlace?: (keys: readonly FoldedKey[]) => Promise<void>;
  /** Is told how far it is for good, and up to which position events were walked through. */
  readonly progress?: (through: RebuiltThrough, position: number) => Promise<void>;
}

export const nothingRebuilt: RebuiltKeys = {
  events: 0,
  keys: 0,
  replaced: 0,
  added: 0,
  removed: 0,
  unplaced: 0,
};

const nothingYet: RebuiltThrough = { position: 0, keys: nothingRebuilt };

const pageEvents = 500;
const maxTries = 5;

/**
 * Makes the keys anew from the events, each at once with all that is folded, while others read and
 * write. Counters and pool revisions are no folds: they stay. Undefined when it was ended early.
 */
export async function rebuildRoster(
  store: Pick<EventStore, 'readAll'>,
  places: RosterPlaces,
  { signal, from = nothingYet, changed, inPlace, progress }: RebuildWatch = {},
): Promise<RebuiltKeys | undefined> {
  const closings = new Map<string, number>();
  const blocked: FoldedKey[] = [];
  const pools = new Map<string, number>();
  let sum = from.keys;
  let through = from;
  const isEnded = (): boolean => signal?.aborted ?? false;

  async function tell(keys: readonly ChangedKey[]): Promise<void> {
    if (keys.length > 0) await changed?.(keys);
  }

  // Those that something is in the way of are left over.
  async function place(keys: readonly FoldedKey[]): Promise<FoldedKey[]> {
    let left = keys;
    for (let each = 0; each < maxTries && left.length > 0; each += 1) {
      await places.foldOn(left);
      const placed = await places.put(left);
      const behind: FoldedKey[] = [];
      const differed: ChangedKey[] = [];
      const there: FoldedKey[] = [];
      for (const [at, key] of left.entries()) {
        const result = placed[at] ?? { kind: 'same' };
        if (result.kind === 'behind') {
          key.wrongVersion = result.version;
          behind.push(key);
          continue;
        }
        there.push(key);
        if (isLive(key.state)) sum = { ...sum, keys: sum.keys + 1 };
        if (result.kind === 'same') continue;
        sum = { ...sum, [result.kind]: sum[result.kind] + 1 };
        differed.push(result.changed);
      }
      await tell(differed);
      await inPlace?.(there);
      left = behind;
    }
    return [...left];
  }

  function countClosing({ type, data }: StoredEvent): void {
    if (type !== poolClosed) return;
    const group = String(data['group']);
    closings.set(group, (closings.get(group) ?? 0) + 1);
  }

  // A key that something is in the way of is known here alone: another rebuild has to begin before it. Which
  // keys were put right stays told then: that one finds them as they should be.
  async function told(position: number): Promise<void> {
    const { replaced, added, removed } = sum;
    through =
      blocked.length === 0
        ? { position, keys: sum }
        : { ...through, keys: { ...through.keys, replaced, added, removed } };
    await progress?.(through, position);
  }

  // Asked for once, and not for every key of it.
  async function poolOf(group: string): Promise<number> {
    const closed = closings.get(group) ?? 0;
    const name = `${closed} ${group}`;
    const id = pools.get(name) ?? (await places.nthPool(group, closed));
    pools.set(name, id);
    return id;
  }

  async function begin(page: readonly StoredEvent[]): Promise<FoldedKey[]> {
    const keys: FoldedKey[] = [];
    for (const event of page) {
      countClosing(event);
      const id = keyOfStream(event.stream);
      if (id === undefined || event.version !== 1) continue;
      const fact = readFact(event);
      const state = fact === undefined ? initialState : evolve(initialState, fact);
      if (!isLive(state)) continue;
      const { group } = state;
      const poolId = await poolOf(group);
      const { position, version, time } = event;
      const createdMs = Date.parse(time);
      keys.push({ id, group, poolId, position, createdMs, version, state, wrongVersion: null });
    }
    return keys;
  }

  // Which pool of its name a key is in, those that were closed before it tell.
  for (let position = 0; position < from.position;) {
    if (isEnded()) return undefined;
    const page = await store.readAll(position, pageEvents);
    for (const event of page) if (event.position <= from.position) countClosing(event);
    position = page.at(-1)?.position ?? from.position;
    await nextTurn();
  }
  let position = from.position;
  for (;;) {
    if (isEnded()) return undefined;
    const page = await store.readAll(position, pageEvents);
    const last = page.at(-1);
    if (last === undefined) break;
    blocked.push(...(await place(await begin(page))));
    await places.renewVerdicts(position, page);
    sum = { ...sum, events: sum.events + page.length };
    position = last.position;
    await told(position);
    // Requests, outcomes and imports get their turn.
    await nextTurn();
  }
  for (let after: number | null = 0; after !== null;) {
    if (isEnded()) return undefined;
    const { removed, next }: Awaited<ReturnType<RosterPlaces['sweep']>> = await places.sweep(after);
    sum = { ...sum, removed: sum.removed + removed.length };
    await tell(removed);
    await told(position);
    after = next;
    await nextTurn();
  }
  const unplaced = (await place(blocked)).length;
  return { ...sum, unplaced };
}
