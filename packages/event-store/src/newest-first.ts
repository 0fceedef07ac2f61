import type { EventStore, StoredEvent } from './event-store.ts';

/** A page of a stream, newest first; `next` is the version to go on before, null at the beginning. */
export interface NewestFirst {
  readonly events: readonly StoredEvent[];
  readonly next: number | null;
  readonly total: number;
}

/** Reads a stream from its end on; as many events of it are read as are told, and one. */
export async function readNewestFirst(
  store: Pick<EventStore, 'read' | 'newest'>,
  stream: string,
  { before, limit }: { readonly before: number | null; readonly limit: number },
): Promise<NewestFirst> {
  const total = (await store.newest(stream))?.version ?? 0;
  const end = Math.min(total, (before ?? total + 1) - 1);
  const from = Math.max(1, end - limit + 1);
  const events = end < 1 ? [] : await store.read(stream, { from, limit: end - from + 1 });
  return {
    events: events.toReversed(),
    next: from > 1 && events.length > 0 ? from : null,
    total,
  };
}
