import type { Commit } from '@keymux/event-store';
import { evolve } from '../../key/evolve.ts';
import { initialState, isLive } from '../../key/state.ts';
import { keyOfStream, readFact, streamOfKey } from '../../key/stored-fact.ts';
import type { ChangedKey } from '../unit.ts';
import type { About } from './about.ts';
import type { KeyCollections } from './collections.ts';
import { keyIn, stateIn } from './key-document.ts';

/** What a commit changes that another process wrote, from its events and the keys as they are. */
export async function changedBy(
  { events }: Commit<About>,
  about: About,
  keys: KeyCollections['keys'],
): Promise<ChangedKey[]> {
  const ids = [...new Set(events.flatMap(({ stream }) => keyOfStream(stream) ?? []))];
  const found = await keys.find({ _id: { $in: ids } }).toArray();
  const documents = new Map(found.map((document) => [document._id, document]));
  return ids.flatMap((id) => {
    const document = documents.get(id);
    let state = document === undefined ? initialState : stateIn(document);
    let version = document?.version ?? 0;
    let createdMs = document?.created_ms ?? 0;
    for (const event of events) {
      if (event.stream !== streamOfKey(id) || event.version <= version) continue;
      const data: unknown = JSON.parse(event.data);
      const fact = readFact({ ...event, data: Object(data) });
      if (fact !== undefined) state = evolve(state, fact);
      if (version === 0) createdMs = Date.parse(event.time);
      ({ version } = event);
    }
    const group = isLive(state) ? state.group : (document?.group ?? '');
    const pool = about.pools.find((each) => each.group === group)?.pool ?? document?.pool;
    if (pool === undefined) return [];
    const before = document === undefined ? undefined : keyIn(document);
    return [{ id, before, poolId: pool, group, createdMs, version, state }];
  });
}
