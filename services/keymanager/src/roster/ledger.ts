import type { DatabaseSync } from 'node:sqlite';
import type { KeyStateChanged } from '@keymux/contracts';
import { type Appended, type SqliteEventStore, TooManyConflicts } from '@keymux/event-store';
import { type Clock, inTransaction } from '@keymux/service';
import { evolve } from '../key/evolve.ts';
import { initialState, isLive, type KeyState } from '../key/state.ts';
import { keyOfStream, readFact, streamOfKey } from '../key/stored-fact.ts';
import type { KeyRows } from './key-rows.ts';
import { toMessages } from './pool-key.ts';
import type { Pools } from './pools.ts';
import { type Unit, WorkingUnit } from './unit.ts';

export type Written<T> =
  | { readonly kind: 'written'; readonly result: T }
  /** An event of this id was appended before: the same cause was handled already. Nothing was written. */
  | { readonly kind: 'duplicate'; readonly id: string };

/** Writes events, roster and counters together, or nothing of them. */
export interface Ledger {
  /**
   * Runs `work` in a transaction: what it decides is appended, projected and told to gateways. May
   * run it again after a conflict, so it must not change what it closes over but through its result.
   */
  write<T>(work: (unit: Unit) => T): Promise<Written<T>>;
}

export interface LedgerDeps {
  readonly db: DatabaseSync;
  readonly store: Pick<SqliteEventStore, 'appendNow' | 'read'>;
  readonly rows: KeyRows;
  readonly pools: Pools;
  readonly clock: Clock;
  /** Told after the commit, in the order of revisions. */
  readonly changed: (messages: readonly KeyStateChanged[]) => void;
}

const maxTries = 5;

// Carries a refusal out of a transaction, which it rolls back.
class Refused extends Error {
  readonly appended: Exclude<Appended, { kind: 'appended' }>;
  constructor(appended: Exclude<Appended, { kind: 'appended' }>) {
    super(appended.kind);
    this.appended = appended;
  }
}

/** The ledger over one SQLite connection that the event store shares. */
export function createLedger(deps: LedgerDeps): Ledger {
  const { db, store, rows, pools, clock, changed } = deps;

  function attempt<T>(work: (unit: Unit) => T): { result: T; messages: KeyStateChanged[] } {
    return inTransaction(db, () => {
      const unit = new WorkingUnit(rows);
      const result = work(unit);
      const appends = unit.appends();
      const messages: KeyStateChanged[] = [];
      if (appends.length > 0) {
        const appended = store.appendNow(appends);
        if (appended.kind !== 'appended') throw new Refused(appended);
        for (const [poolId, { group, changes }] of unit.save(clock.now())) {
          // Nobody holds the keys of a deleted group.
          if (pools.isClosed(poolId)) continue;
          messages.push(...toMessages(group, changes, () => pools.advance(poolId)));
        }
      }
      return { result, messages };
    });
  }

  // The roster is behind the events: folds the stream anew.
  async function catchUp(stream: string): Promise<void> {
    const id = keyOfStream(stream);
    if (id === undefined) return;
    const events = await store.read(streamOfKey(id));
    inTransaction(db, () => {
      const row = rows.byId(id);
      if (row === undefined) return;
      let state: KeyState = initialState;
      for (const event of events) {
        const fact = readFact(event);
        if (fact !== undefined) state = evolve(state, fact);
      }
      if (isLive(state)) rows.update({ ...row, state, version: events.length });
      else rows.remove(row.seq);
    });
  }

  return {
    write: async (work) => {
      for (let each = 0; each < maxTries; each += 1) {
        try {
          const { result, messages } = attempt(work);
          changed(messages);
          return { kind: 'written', result };
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          if (error.appended.kind === 'duplicate') {
            return { kind: 'duplicate', id: error.appended.id };
          }
          await catchUp(error.appended.stream);
        }
      }
      throw new TooManyConflicts(`keys changed ${maxTries} times while they were written`);
    },
  };
}

/** The result of a write whose events have new ids, so that it cannot be a duplicate. */
export function onlyWritten<T>(written: Written<T>): T {
  if (written.kind === 'written') return written.result;
  throw new Error(`event ${written.id} was there before it was made`);
}
