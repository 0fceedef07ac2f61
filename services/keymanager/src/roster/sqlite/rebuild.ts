import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventStore } from '@keymux/event-store';
import { inTransaction } from '@keymux/service';
import { evolve } from '../../key/evolve.ts';
import { isLive } from '../../key/state.ts';
import { readFact, streamOfKey } from '../../key/stored-fact.ts';
import type { FoldedKey, Placed, RosterPlaces } from '../rebuild.ts';
import { numberIn, textIn } from './columns.ts';
import type { KeyRows } from './key-rows.ts';
import type { PoolRows } from './pools.ts';
import type { VerdictRows } from './verdicts.ts';

const pageEvents = 500;
const pageRows = 500;

/** The roster in SQLite, for a rebuild: each page of keys is looked at and put in one transaction. */
export function createRosterPlaces(deps: {
  readonly db: DatabaseSync;
  readonly store: Pick<EventStore, 'read'>;
  readonly rows: KeyRows;
  readonly pools: PoolRows;
  readonly verdicts: Pick<VerdictRows, 'renew'>;
}): RosterPlaces {
  const { db, store, rows, pools, verdicts } = deps;
  const page = db.prepare(
    `SELECT seq, keys.id, pool, name, version, created_ms,
       EXISTS (SELECT 1 FROM events WHERE stream = 'key-' || keys.id) AS told
     FROM keys JOIN pools ON pools.id = pool WHERE seq > ? ORDER BY seq LIMIT ?`,
  );

  async function foldOn(key: FoldedKey): Promise<void> {
    for (;;) {
      const events = await store.read(streamOfKey(key.id), {
        from: key.version + 1,
        limit: pageEvents,
      });
      for (const event of events) {
        const fact = readFact(event);
        if (fact !== undefined) key.state = evolve(key.state, fact);
        key.version = event.version;
      }
      if (events.length < pageEvents) return;
      await nextTurn();
    }
  }

  function putOne({
    id,
    group,
    poolId,
    createdMs,
    version,
    state,
    wrongVersion,
  }: FoldedKey): Placed {
    const before = rows.placeOf(id);
    const changed = { id, before: undefined, poolId, group, createdMs, version, state };
    if (before !== undefined && before.version > version && before.version !== wrongVersion) {
      return { kind: 'behind', version: before.version };
    }
    if (!isLive(state)) {
      if (before === undefined) return { kind: 'same' };
      rows.remove(before.seq);
      return { kind: 'removed', changed };
    }
    const row = { seq: before?.seq ?? 0, id, poolId, createdMs, version, state };
    if (before !== undefined && rows.matches(row)) return { kind: 'same' };
    const other = rows.idsBySecret(poolId, [state.fingerprint]).get(state.fingerprint);
    if (other !== undefined && other !== id) return { kind: 'behind', version: null };
    if (before === undefined) {
      rows.insert(row);
      return { kind: 'added', changed };
    }
    rows.replace(row);
    return { kind: 'replaced', changed };
  }

  return {
    nthPool: async (name, index) => pools.nth(name, index).id,
    foldOn: async (keys) => {
      for (const key of keys) await foldOn(key);
    },
    renewVerdicts: async (after, events) => verdicts.renew(after, events),
    put: async (keys) => inTransaction(db, () => keys.map(putOne)),
    sweep: async (afterSeq) =>
      inTransaction(db, () => {
        const found = page.all(afterSeq, pageRows);
        const strays = found.filter((row) => numberIn(row, 'told') === 0);
        const removed = strays.map((row) => {
          rows.remove(numberIn(row, 'seq'));
          return {
            id: textIn(row, 'id'),
            before: undefined,
            poolId: numberIn(row, 'pool'),
            group: textIn(row, 'name'),
            createdMs: numberIn(row, 'created_ms'),
            version: numberIn(row, 'version') + 1,
            state: { status: 'deleted' } as const,
          };
        });
        const last = found.length === pageRows ? found.at(-1) : undefined;
        return { removed, next: last === undefined ? null : numberIn(last, 'seq') };
      }),
  };
}
