import type { PoolKey } from '@keymux/contracts';
import type { NewEvent, StreamAppend } from '@keymux/event-store';
import type { KeyCommand, KeyFact } from '../key/command.ts';
import { decide } from '../key/decide.ts';
import { evolve } from '../key/evolve.ts';
import { initialState, isLive, type KeyIdentity, type KeyState } from '../key/state.ts';
import { storedFact, streamOfKey } from '../key/stored-fact.ts';
import type { KeyRow, KeyRows } from './key-rows.ts';
import { toPoolKey } from './pool-key.ts';
import type { Pool } from './pools.ts';

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

/** What one transaction does to keys: decided at once, written together at the end. */
export interface Unit {
  /** The key as it is after what this unit did; undefined when there is none. */
  find(id: string): KeyRow | undefined;
  /** Decides a command; the facts that it made, none when nothing changed or the key is not there. */
  apply(id: string, command: KeyCommand, origin: Origin): readonly KeyFact[];
  add(pool: Pool, key: NewKey, origin: Origin & { readonly nowMs: number }): 'added' | 'duplicate';
  /** Appends events to a stream that is no key's. */
  append(stream: string, expectedVersion: number, events: readonly NewEvent[]): void;
}

interface WorkingKey {
  readonly group: string;
  /** `seq` is 0 while the key is not in the roster. */
  readonly row: Omit<KeyRow, 'state'>;
  state: KeyState;
  version: number;
  readonly events: NewEvent[];
}

/** Collects what a unit does; the ledger writes it. */
export class WorkingUnit implements Unit {
  readonly #rows: KeyRows;
  readonly #keys = new Map<string, WorkingKey | undefined>();
  readonly #secrets = new Set<string>();
  readonly #others: StreamAppend[] = [];

  constructor(rows: KeyRows) {
    this.#rows = rows;
  }

  find(id: string): KeyRow | undefined {
    const key = this.#working(id);
    if (key === undefined || !isLive(key.state)) return undefined;
    return { ...key.row, version: key.version, state: key.state };
  }

  apply(id: string, command: KeyCommand, origin: Origin): readonly KeyFact[] {
    const key = this.#working(id);
    return key === undefined ? [] : record(id, key, command, origin);
  }

  add(
    pool: Pool,
    added: NewKey,
    origin: Origin & { readonly nowMs: number },
  ): 'added' | 'duplicate' {
    const { id, sealed, fingerprint, masked, previousFingerprint, taskId } = added;
    const known = [
      fingerprint,
      ...(previousFingerprint === undefined ? [] : [previousFingerprint]),
    ];
    const name = `${pool.id} ${fingerprint}`;
    if (this.#secrets.has(name) || this.#rows.idBySecret(pool.id, known) !== undefined) {
      return 'duplicate';
    }
    this.#secrets.add(name);
    const row = { seq: 0, id, poolId: pool.id, version: 0, createdMs: origin.nowMs };
    const key: WorkingKey = {
      group: pool.name,
      row,
      state: initialState,
      version: 0,
      events: [],
    };
    this.#keys.set(id, key);
    const { nowMs } = origin;
    const group = pool.name;
    record(id, key, { kind: 'import', group, sealed, fingerprint, masked, taskId, nowMs }, origin);
    return 'added';
  }

  append(stream: string, expectedVersion: number, events: readonly NewEvent[]): void {
    this.#others.push({ stream, expectedVersion, events });
  }

  /** What the event store is to append. */
  appends(): StreamAppend[] {
    const appends = [...this.#others];
    for (const [id, key] of this.#keys) {
      if (key === undefined || key.events.length === 0) continue;
      const { version, events } = key;
      appends.push({
        stream: streamOfKey(id),
        expectedVersion: version - events.length,
        events,
      });
    }
    return appends;
  }

  /** Writes the rows that changed; what gateways need to hear of it, by pool. */
  save(nowMs: number): Map<number, { group: string; changes: PoolKey[] }> {
    const pools = new Map<number, { group: string; changes: PoolKey[] }>();
    for (const [id, key] of this.#keys) {
      if (key === undefined || key.events.length === 0) continue;
      const { row, state, version } = key;
      const of = pools.get(row.poolId) ?? { group: key.group, changes: [] };
      if (isLive(state)) {
        if (row.seq === 0) this.#rows.insert({ ...row, version, state });
        else this.#rows.update({ ...row, version, state });
        of.changes.push(toPoolKey({ id, version, state }, nowMs));
      } else {
        this.#rows.remove(row.seq);
        of.changes.push(deletedPoolKey(id, version));
      }
      pools.set(row.poolId, of);
    }
    return pools;
  }

  #working(id: string): WorkingKey | undefined {
    if (this.#keys.has(id)) return this.#keys.get(id);
    const found = this.#rows.byId(id);
    if (found === undefined) {
      this.#keys.set(id, undefined);
      return undefined;
    }
    const { state, ...row } = found;
    const key = { group: state.group, row, state, version: row.version, events: [] };
    this.#keys.set(id, key);
    return key;
  }
}

const deletedPoolKey = (id: string, version: number): PoolKey => ({
  id,
  sealed: '',
  masked: '',
  state: 'deleted',
  streak: 0,
  cooldowns: [],
  version,
});

function record(
  id: string,
  key: WorkingKey,
  command: KeyCommand,
  { cause, actor }: Origin,
): readonly KeyFact[] {
  const facts = decide(key.state, command);
  for (const fact of facts) {
    key.state = evolve(key.state, fact);
    key.version += 1;
    const number = key.events.length + 1;
    key.events.push({ id: `${cause}.${id}.${number}`, actor, ...storedFact(fact) });
  }
  return facts;
}
