import type { EventView } from '@keymux/contracts';
import type { EventStore, StoredEvent } from '@keymux/event-store';
import { streamOfKey } from '../key/stored-fact.ts';
import { everyEvents } from './key-then.ts';

const secretFields = new Set(['sealed', 'fingerprint']);

/** An event as the API shows it: what a secret could be told by is left out. */
function eventView({ id, type, time, version, actor, data }: StoredEvent): EventView {
  const shown = Object.entries(data).filter(([name]) => !secretFields.has(name));
  const requestId = data['request_id'];
  return {
    id,
    type,
    time,
    version,
    actor,
    request_id: typeof requestId === 'string' ? requestId : null,
    data: Object.fromEntries(shown),
  };
}

/** What happened to a key, newest first; also of one that is deleted. Undefined for what never was a key. */
export async function readKeyHistory(
  store: Pick<EventStore, 'read'>,
  request: {
    readonly id: string;
    readonly beforeVersion: number | null;
    readonly limit: number;
  },
): Promise<{ items: EventView[]; next: number | null; total: number } | undefined> {
  const stream = streamOfKey(request.id);
  const first = await store.read(stream, { limit: everyEvents });
  const total = first.length < everyEvents ? first.length : await lastVersion(store, stream);
  if (total === 0) return undefined;
  const end = Math.max(0, Math.min(total, (request.beforeVersion ?? total + 1) - 1));
  const from = Math.max(0, end - request.limit);
  const events =
    end <= first.length
      ? first.slice(from, end)
      : await store.read(stream, { from: from + 1, limit: end - from });
  return {
    items: events.toReversed().map(eventView),
    next: from === 0 ? null : from + 1,
    total,
  };
}

/** The version of the last event of a long stream. Versions have no gaps, so halving finds it. */
async function lastVersion(store: Pick<EventStore, 'read'>, stream: string): Promise<number> {
  const has = async (version: number): Promise<boolean> =>
    (await store.read(stream, { from: version, limit: 1 })).length > 0;
  let known = everyEvents;
  let beyond = 2 * everyEvents;
  while (await has(beyond)) [known, beyond] = [beyond, 2 * beyond];
  while (beyond - known > 1) {
    const middle = Math.floor((known + beyond) / 2);
    if (await has(middle)) known = middle;
    else beyond = middle;
  }
  return known;
}
