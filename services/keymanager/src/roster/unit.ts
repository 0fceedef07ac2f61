import type { NewEvent, StreamAppend } from '@keymux/event-store';
import type { KeyCommand, KeyFact } from '../key/command.ts';
import { decide } from '../key/decide.ts';
import { evolve } from '../key/evolve.ts';
import type { HeardOutcomes } from '../outcome-archive/outcome-archive.ts';
import { initialState, isLive, type KeyIdentity, type KeyState } from '../key/state.ts';
import { storedFact, streamOfKey } from '../key/stored-fact.ts';
import type { Progress } from '../tasks/task-record.ts';
import type { KeyRow } from './keys.ts';
import type { Pool } from './pools.ts';
import type { Usage } from './usage.ts';

/** Who makes events happen; `cause` starts their ids, so that the same cause twice is a duplicate. */
export interface Origin {
  readonly cause: string;
  readonly actor: string;
}

/** A key that is to be imported. */
export interface NewKey extends Pick<KeyIdentity, 'sealed' | 'fingerprint' | 'masked'> {
  readonly id: string;
  /** Under an older encryption key: the same secret may still be known by it. */
  readonly previousFingerprint?: string;
  readonly taskId: string | null;
}

/** What one write does to keys: decided at once, written together at the end. */
export interface Unit {
  /** The key as it is after what this unit did; undefined when there is none, or it is out of reach. */
  find(id: string): KeyRow | undefined;
  /** Decides a command; the facts that it made, none when nothing changed or the key is not there. */
  apply(id: string, command: KeyCommand, origin: Origin): readonly KeyFact[];
  /** True for a key in reach whose coming fingerprint another key of its pool has: both hold the same secret. */
  isDuplicate(id: string): boolean;
  /** Adds a key to the pool in reach. */
  add(key: NewKey, origin: Origin & { readonly nowMs: number }): 'added' | 'duplicate';
  /** Counts what requests did with a key; at most once a key and unit. */
  count(id: string, used: Usage): void;
  /** Keeps outcomes as they were heard; at most once a unit. */
  archive(heard: HeardOutcomes): void;
  /** How far the task in reach is after this unit. */
  progress(progress: Progress): void;
}

/** What a unit works on: read before it runs. */
export interface Reached {
  readonly rows: ReadonlyMap<string, KeyRow>;
  readonly pool: Pool | null;
  /** Of the fingerprints in reach, those that the pool has. */
  readonly known: ReadonlySet<string>;
  /** Of the keys that get another fingerprint, those whose pool has it. */
  readonly duplicates: ReadonlySet<string>;
}

/** A key that a unit changed: `before` is undefined for one that it added. */
export interface ChangedKey {
  readonly id: string;
  readonly before: KeyRow | undefined;
  readonly poolId: number;
  readonly group: string;
  readonly createdMs: number;
  /** After the unit. */
  readonly version: number;
  readonly state: KeyState;
  /** True for one that was not what its events say, and was put right without an event. */
  readonly repaired?: boolean;
}

interface WorkingKey extends ChangedKey {
  version: number;
  state: KeyState;
  readonly events: NewEvent[];
}

/** Collects what a unit does; a ledger writes it. */
export class WorkingUnit implements Unit {
  readonly #reached: Reached;
  readonly #keys = new Map<string, WorkingKey>();
  readonly #secrets = new Set<string>();
  readonly counts = new Map<string, Usage>();
  step: Progress | undefined;
  archived: HeardOutcomes | undefined;

  constructor(reached: Reached) {
    this.#reached = reached;
  }

  find(id: string): KeyRow | undefined {
    const key = this.#working(id);
    if (key === undefined || !isLive(key.state)) return undefined;
    const { poolId, createdMs, version, state } = key;
    return { seq: key.before?.seq ?? 0, id, poolId, createdMs, version, state };
  }

  apply(id: string, command: KeyCommand, origin: Origin): readonly KeyFact[] {
    const key = this.#working(id);
    return key === undefined ? [] : record(key, command, origin);
  }

  isDuplicate(id: string): boolean {
    return this.#reached.duplicates.has(id);
  }

  add(added: NewKey, origin: Origin & { readonly nowMs: number }): 'added' | 'duplicate' {
    const { pool, known } = this.#reached;
    if (pool === null) throw new Error('no pool is in reach of this unit');
    const { id, sealed, fingerprint, masked, previousFingerprint, taskId } = added;
    if (
      this.#secrets.has(fingerprint) ||
      known.has(fingerprint) ||
      (previousFingerprint !== undefined && known.has(previousFingerprint))
    ) {
      return 'duplicate';
    }
    this.#secrets.add(fingerprint);
    const { nowMs } = origin;
    const group = pool.name;
    const key: WorkingKey = {
      id,
      before: undefined,
      poolId: pool.id,
      group,
      createdMs: nowMs,
      version: 0,
      state: initialState,
      events: [],
    };
    this.#keys.set(id, key);
    record(key, { kind: 'import', group, sealed, fingerprint, masked, taskId, nowMs }, origin);
    return 'added';
  }

  count(id: string, used: Usage): void {
    this.counts.set(id, used);
  }

  archive(heard: HeardOutcomes): void {
    this.archived = heard;
  }

  progress(progress: Progress): void {
    this.step = progress;
  }

  /** What the event store is to append. */
  appends(): StreamAppend[] {
    return this.#changed().map(({ id, version, events }) => ({
      stream: streamOfKey(id),
      expectedVersion: version - events.length,
      events,
    }));
  }

  /** The keys that have new events. */
  changes(): readonly (ChangedKey & Pick<StreamAppend, 'events'>)[] {
    return this.#changed();
  }

  #changed(): WorkingKey[] {
    return [...this.#keys.values()].filter(({ events }) => events.length > 0);
  }

  #working(id: string): WorkingKey | undefined {
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const before = this.#reached.rows.get(id);
    if (before === undefined) return undefined;
    const { poolId, createdMs, version, state } = before;
    const key = { id, before, poolId, group: state.group, createdMs, version, state, events: [] };
    this.#keys.set(id, key);
    return key;
  }
}

function record(
  key: WorkingKey,
  command: KeyCommand,
  { cause, actor }: Origin,
): readonly KeyFact[] {
  const facts = decide(key.state, command);
  for (const fact of facts) {
    key.state = evolve(key.state, fact);
    key.version += 1;
    const number = key.events.length + 1;
    key.events.push({ id: `${cause}.${key.id}.${number}`, actor, ...storedFact(fact) });
  }
  return facts;
}
