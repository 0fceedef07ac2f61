import type { EventView } from '@keymux/contracts';
import type { EventStore, StoredEvent } from '@keymux/event-store';
import { streamOfKey } from '../key/stored-fact.ts';

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
  const events = await store.read(streamOfKey(request.id));
  if (events.length === 0) return undefined;
  const end = request.beforeVersion === null ? events.length : request.beforeVersion - 1;
  const from = Math.max(0, end - request.limit);
  return {
    items: events.slice(from, end).toReversed().map(eventView),
    next: from === 0 ? null : from + 1,
    total: events.length,
  };
}
