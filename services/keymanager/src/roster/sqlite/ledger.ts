import type { DatabaseSync } from 'node:sqlite';
import type { KeyStateChanged } from '@keymux/contracts';
import { type Appended, type SqliteEventStore, TooManyConflicts } from '@keymux/event-store';
import { type Clock, inTransaction, newId } from '@keymux/service';
import { evolve } from '../../key/evolve.ts';
import { initialState, isLive, type KeyState } from '../../key/state.ts';
import { keyOfStream, readFact, streamOfKey } from '../../key/stored-fact.ts';
import type { SqliteOutcomeArchive } from '../../outcome-archive/sqlite/outcome-archive.ts';
import type { SqliteTaskStore } from '../../tasks/sqlite/task-store.ts';
import {
  type Hear,
  type Ledger,
  poolClosed,
  poolStream,
  type Reach,
  type Written,
} from '../ledger.ts';
import type { KeyRow } from '../keys.ts';
import { toMessages } from '../pool-key.ts';
import { changesByPool } from '../pool-changes.ts';
import { type ChangedKey, type Reached, type Unit, WorkingUnit } from '../unit.ts';
import type { KeyRows } from './key-rows.ts';
import type { OutcomeMarks } from './outcome-marks.ts';
import type { PoolRows } from './pools.ts';
import type { UsageCounters } from './usage.ts';
import type { VerdictRows } from './verdicts.ts';

export interface LedgerDeps {
  readonly db: DatabaseSync;
  readonly store: Pick<SqliteEventStore, 'appendNow' | 'read'>;
  readonly tasks: Pick<SqliteTaskStore, 'goesOnNow' | 'progressNow'>;
  readonly rows: KeyRows;
  readonly pools: PoolRows;
  readonly usage: UsageCounters;
  readonly marks: OutcomeMarks;
  readonly archive: Pick<SqliteOutcomeArchive, 'putNow'>;
  readonly verdicts: Pick<VerdictRows, 'noteNow'>;
  readonly clock: Clock;
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

/** The ledger over one SQLite connection that event store and tasks share: each write is a transaction. */
export function createLedger(deps: LedgerDeps): Ledger {
  const { db, store, tasks, rows, pools, usage, marks, archive, verdicts, clock } = deps;
  let hear: Hear = () => Promise.resolve();

  function reached({ keyIds = [], adds, newFingerprints = new Map() }: Reach): Reached | undefined {
    const pool = adds === undefined ? null : pools.byId(adds.poolId);
    if (pool === undefined || pool?.closed === true) return undefined;
    const found = new Map<string, KeyRow>();
    for (const row of keyIds.length === 0 ? [] : rows.byIds(keyIds)) found.set(row.id, row);
    const known = adds === undefined ? [] : rows.idsBySecret(adds.poolId, adds.fingerprints).keys();
    const duplicates = [...newFingerprints].flatMap(([id, fingerprint]) => {
      const poolId = found.get(id)?.poolId;
      return poolId !== undefined && rows.idsBySecret(poolId, [fingerprint]).size > 0 ? [id] : [];
    });
    return { rows: found, pool, known: new Set(known), duplicates: new Set(duplicates) };
  }

  function save(changed: readonly ChangedKey[]): void {
    for (const { id, before, poolId, createdMs, version, state } of changed) {
      if (!isLive(state)) {
        if (before !== undefined) rows.remove(before.seq);
      } else if (before === undefined) {
        rows.insert({ seq: 0, id, poolId, createdMs, version, state });
      } else {
        rows.update(before, { version, state });
      }
    }
  }

  function messagesOf(changed: readonly ChangedKey[]): KeyStateChanged[] {
    return [...changesByPool(changed, clock.now())].flatMap(([poolId, { group, changes }]) =>
      // Nobody holds the keys of a deleted group.
      pools.byId(poolId)?.closed === true
        ? []
        : toMessages(group, changes, () => pools.advance(poolId)),
    );
  }

  function attempt<T>(
    reach: Reach,
    work: (unit: Unit) => T,
  ): { written: Written<T>; messages: KeyStateChanged[] } {
    return inTransaction(db, () => {
      const { batch, step } = reach;
      if (batch !== undefined && marks.has(batch)) {
        return { written: { kind: 'duplicate', id: `${batch.batch}` }, messages: [] };
      }
      const read = reached(reach);
      if (read === undefined || (step !== undefined && !tasks.goesOnNow(step.id))) {
        return { written: { kind: 'stopped' }, messages: [] };
      }
      const unit = new WorkingUnit(read);
      const result = work(unit);
      const appends = unit.appends();
      const changed = unit.changes();
      if (appends.length > 0) {
        const appended = store.appendNow(appends);
        if (appended.kind !== 'appended') throw new Refused(appended);
        save(changed);
        verdicts.noteNow(changed, appended.position);
      }
      for (const [id, used] of unit.counts) {
        const found = unit.find(id);
        if (found !== undefined) usage.add(found.seq, used);
      }
      if (step !== undefined && unit.step !== undefined) tasks.progressNow(step.id, unit.step);
      if (unit.archived !== undefined) archive.putNow(unit.archived);
      if (batch !== undefined) marks.add(batch);
      return { written: { kind: 'written', result }, messages: messagesOf(changed) };
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
      if (isLive(state)) rows.update(row, { state, version: events.length });
      else rows.remove(row.seq);
    });
  }

  return {
    write: async (reach, work) => {
      for (let each = 0; each < maxTries; each += 1) {
        try {
          const { written, messages } = attempt(reach, work);
          void hear(messages);
          return written;
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          const { appended } = error;
          if (appended.kind === 'duplicate') {
            // Its events are there though its mark is not: the marks were lost. It was counted then.
            const { batch } = reach;
            if (batch !== undefined) inTransaction(db, () => marks.add(batch));
            return { kind: 'duplicate', id: appended.id };
          }
          await catchUp(appended.stream);
        }
      }
      throw new TooManyConflicts(`keys changed ${maxTries} times while they were written`);
    },
    closePool: async (poolId, { cause, actor, nowMs }) => {
      inTransaction(db, () => {
        const pool = pools.byId(poolId);
        if (pool === undefined || pool.closed) return;
        const time = new Date(nowMs).toISOString();
        const data = { group: pool.name };
        const event = { id: `${cause}.${newId()}`, type: poolClosed, time, actor, data };
        const stream = poolStream(poolId);
        store.appendNow([{ stream, expectedVersion: 0, events: [event] }]);
        pools.close(poolId);
      });
    },
    announce: async (keys) => {
      const repaired = keys.map((key) => ({ ...key, repaired: true }));
      const messages = inTransaction(db, () => messagesOf(repaired));
      if (messages.length > 0) void hear(messages);
    },
    tell: (listener) => {
      hear = listener;
    },
    prune: async (beforeMs) => usage.pruneMinutes(beforeMs),
  };
}
