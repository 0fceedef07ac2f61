import type { EventView } from '@keymux/contracts';
import { type EventStore, readNewestFirst, type StoredEvent } from '@keymux/event-store';
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
  store: Pick<EventStore, 'read' | 'newest'>,
  request: {
    readonly id: string;
    readonly beforeVersion: number | null;
    readonly limit: number;
  },
): Promise<{ items: EventView[]; next: number | null; total: number } | undefined> {
  const { events, next, total } = await readNewestFirst(store, streamOfKey(request.id), {
    before: request.beforeVersion,
    limit: request.limit,
  });
  return total === 0 ? undefined : { items: events.map(eventView), next, total };
}
