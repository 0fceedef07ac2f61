import type { EventStore, Rewrite, StoredEvent } from './event-store.ts';

/** One page of a walk over all events; `next` is the position to go on after, null at the end. */
export interface RewrittenPage {
  readonly seen: number;
  readonly rewritten: number;
  readonly next: number | null;
}

/**
 * Rewrites the events of one page whose data `change` gives anew; null leaves an event as it is.
 * Can be stopped and repeated anywhere, as long as `change` leaves alone what it changed before.
 */
export async function rewriteEvents(
  store: Pick<EventStore, 'readAll' | 'rewrite'>,
  page: { readonly after: number; readonly limit: number },
  change: (event: StoredEvent) => Rewrite['data'] | null,
): Promise<RewrittenPage> {
  const events = await store.readAll(page.after, page.limit);
  const changes = events.flatMap((event) => {
    const data = change(event);
    return data === null ? [] : [{ position: event.position, data }];
  });
  if (changes.length > 0) await store.rewrite(changes);
  const next = events.length < page.limit ? null : (events.at(-1)?.position ?? null);
  return { seen: events.length, rewritten: changes.length, next };
}
