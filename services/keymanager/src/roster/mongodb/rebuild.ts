import type { EventStore, StoredEvent } from '@keymux/event-store';
import type { AnyBulkWriteOperation } from 'mongodb';
import { evolve } from '../../key/evolve.ts';
import { initialState, isLive, type KeyState } from '../../key/state.ts';
import { keyOfStream, readFact } from '../../key/stored-fact.ts';
import { poolClosed } from '../ledger.ts';
import type { KeyCollections, KeyDocument } from './collections.ts';
import { freshFields, secretFields, stateFields, stateIn } from './key-document.ts';
import type { createPools } from './pools.ts';

const pageEvents = 2_000;

interface Folding {
  state: KeyState;
  version: number;
  readonly poolId: number | undefined;
  readonly seq: number;
  readonly createdMs: number;
}

/** Makes the keys anew from the events, page by page; counters stay with them. Nothing else may write meanwhile. */
export async function rebuildRoster(deps: {
  readonly store: Pick<EventStore, 'readAll'>;
  readonly collections: KeyCollections;
  readonly pools: ReturnType<typeof createPools>;
}): Promise<number> {
  const { store, collections, pools } = deps;
  const { keys } = collections;
  const closings = new Map<string, number>();
  // Which pool a key is in is not lost with its state.
  const { pool: _, ...folded } = secretFields;
  await keys.updateMany({}, { $set: { version: 0 }, $unset: { ...folded, gone_at: '' } });

  async function foldPage(page: readonly StoredEvent[]): Promise<void> {
    const ids = [...new Set(page.flatMap(({ stream }) => keyOfStream(stream) ?? []))];
    const documents = await keys.find({ _id: { $in: ids } }).toArray();
    const folding = new Map<string, Folding>(
      documents.map((document) => {
        const { _id, version, pool: poolId, seq, created_ms: createdMs } = document;
        const state = version === 0 ? initialState : stateIn(document);
        return [_id, { state, version, poolId, seq, createdMs }];
      }),
    );
    for (const event of page) {
      if (event.type === poolClosed) {
        const group = String(event.data['group']);
        closings.set(group, (closings.get(group) ?? 0) + 1);
        continue;
      }
      const id = keyOfStream(event.stream);
      if (id === undefined) continue;
      const fact = readFact(event);
      const before = folding.get(id);
      const state = fact === undefined ? undefined : evolve(before?.state ?? initialState, fact);
      if (before !== undefined) {
        if (state !== undefined) before.state = state;
        before.version = event.version;
      } else if (state !== undefined && isLive(state)) {
        const pool = await pools.nth(state.group, closings.get(state.group) ?? 0);
        const createdMs = Date.parse(event.time);
        const { version, position: seq } = event;
        folding.set(id, { state, version, poolId: pool.id, seq, createdMs });
      }
    }
    const writes = Array.from(folding, ([id, each]) => writeOf(id, each));
    if (writes.length > 0) await keys.bulkWrite(writes);
  }

  for (let position = 0; ;) {
    const page = await store.readAll(position, pageEvents);
    const last = page.at(-1);
    if (last === undefined) break;
    await foldPage(page);
    position = last.position;
  }
  return keys.countDocuments({ pool: { $exists: true } });
}

function writeOf(
  id: string,
  { state, version, poolId, seq, createdMs }: Folding,
): AnyBulkWriteOperation<KeyDocument> {
  if (!isLive(state) || poolId === undefined) {
    const $set = { version, status: 'deleted', gone_at: new Date() } as const;
    return { updateOne: { filter: { _id: id }, update: { $set, $unset: secretFields } } };
  }
  const $set = stateFields(poolId, state, version);
  const $setOnInsert = { ...freshFields, seq, created_ms: createdMs };
  return { updateOne: { filter: { _id: id }, update: { $set, $setOnInsert }, upsert: true } };
}
