import type { EventStore, StoredEvent } from '@keymux/event-store';
import { auditStream } from './audit.ts';
import { chainStart, hashOf } from './chain.ts';

/** The state of the chain; `head` is to be compared with one noted before, for a cut end leaves no trace. */
export type Verified =
  | { readonly kind: 'whole'; readonly entries: number; readonly head: string }
  | {
      readonly kind: 'broken';
      readonly version: number;
      readonly id: string;
      readonly why: string;
    };

const pageEntries = 1_000;

/** Follows the chain from its first entry, and names the first link that does not hold. */
export async function verifyAudit(store: Pick<EventStore, 'read'>): Promise<Verified> {
  let entries = 0;
  let head = chainStart;
  for (;;) {
    const page = await store.read(auditStream, { from: entries + 1, limit: pageEntries });
    // What is behind a gap is not found from before it.
    const events = page.length > 0 ? page : await behindGap(store, entries);
    for (const event of events) {
      const why = flawOf(event, entries, head);
      if (why !== null) return { kind: 'broken', version: event.version, id: event.id, why };
      entries += 1;
      head = String(event.data['hash']);
    }
    if (events.length === 0) return { kind: 'whole', entries, head };
  }
}

async function behindGap(store: Pick<EventStore, 'read'>, entries: number): Promise<StoredEvent[]> {
  const all = await store.read(auditStream);
  return all.filter(({ version }) => version > entries);
}

function flawOf(event: StoredEvent, entries: number, head: string): string | null {
  const { version, data } = event;
  if (version !== entries + 1) return `entry ${entries + 1} is missing`;
  if (data['prev'] !== head) return 'it is not chained to the entry before';
  return data['hash'] === hashOf(head, event) ? null : 'it was changed';
}
