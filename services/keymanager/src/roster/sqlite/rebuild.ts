import type { DatabaseSync } from 'node:sqlite';
import type { EventStore, StoredEvent } from '@keymux/event-store';
import { inTransaction } from '@keymux/service';
import { evolve } from '../../key/evolve.ts';
import { initialState, isLive, type KeyState } from '../../key/state.ts';
import { keyOfStream, readFact } from '../../key/stored-fact.ts';
import { poolClosed } from '../ledger.ts';
import { numberIn, textIn } from './columns.ts';
import { createKeyRows } from './key-rows.ts';
import { createPoolRows } from './pools.ts';

const pageEvents = 5_000;

/**
 * Makes the roster's keys anew from the events, in one transaction a page; returns how many keys it
 * holds. Nothing else may write meanwhile. Counters, marks and pool revisions stay as they are.
 */
export async function rebuildRoster(deps: {
  readonly db: DatabaseSync;
  readonly store: Pick<EventStore, 'readAll'>;
}): Promise<number> {
  const { db, store } = deps;
  const rows = createKeyRows(db);
  const pools = createPoolRows(db);
  // Counters belong to the number of a key, so a key keeps its number.
  const numbers = new Map(
    db
      .prepare('SELECT id, seq FROM keys')
      .all()
      .map((row) => [textIn(row, 'id'), numberIn(row, 'seq')]),
  );
  let next = [...numbers.values()].reduce((most, seq) => Math.max(most, seq), 0);
  const closings = new Map<string, number>();
  inTransaction(db, () => db.exec('DELETE FROM keys'));

  const project = (event: StoredEvent): void => {
    if (event.type === poolClosed) {
      const group = String(event.data['group']);
      closings.set(group, (closings.get(group) ?? 0) + 1);
      return;
    }
    const id = keyOfStream(event.stream);
    if (id === undefined) return;
    const row = rows.byId(id);
    const fact = readFact(event);
    const before: KeyState = row?.state ?? initialState;
    const state = fact === undefined ? before : evolve(before, fact);
    if (row !== undefined) {
      if (isLive(state)) rows.update({ ...row, state, version: event.version });
      else rows.remove(row.seq);
    } else if (isLive(state)) {
      const pool = pools.nth(state.group, closings.get(state.group) ?? 0);
      const { version } = event;
      const seq = numbers.get(id) ?? (next += 1);
      const createdMs = Date.parse(event.time);
      rows.insert({ seq, id, poolId: pool.id, version, createdMs, state });
    }
  };
  for (let position = 0; ;) {
    const page = await store.readAll(position, pageEvents);
    const last = page.at(-1);
    if (last === undefined) break;
    inTransaction(db, () => page.forEach(project));
    position = last.position;
  }
  const count = db.prepare('SELECT count(*) AS count FROM keys').get();
  return count === undefined ? 0 : numberIn(count, 'count');
}
