import type { EventStore, NewEvent, StreamAppend } from '@keymux/event-store';
import { streamOfKey } from '../key/stored-fact.ts';

/** When the first event of each life happened, epoch ms. */
export const startMs = Date.parse('2026-01-01T00:00:00Z');

/** The nth event of a key, n seconds after the first: its import, then failures. */
export const event = (id: string, n: number): NewEvent => {
  const common = { id: `${id}.${n}`, time: new Date(startMs + n * 1_000).toISOString() };
  if (n === 0) {
    const data = {
      group: 'g',
      sealed: 'the-sealed',
      fingerprint: 'the-fingerprint',
      masked: 'sk…0',
      task_id: null,
    };
    return { ...common, type: 'KeyImported', actor: 'test', data };
  }
  const cause = {
    rule: 'unauthorized',
    status: 401,
    message: 'no',
    upstream: 'https://u',
    model: null,
    request_id: `r${n}`,
    threshold: 9,
    streak: n % 7,
  };
  return { ...common, type: 'KeyFailed', actor: 'test', data: cause };
};

/** A key with so many events. */
export const lifeOf = (id: string, many: number): StreamAppend => ({
  stream: streamOfKey(id),
  expectedVersion: 0,
  events: Array.from({ length: many }, (_, n) => event(id, n)),
});

/** A store, and how many events were read of it. */
export function counted(events: EventStore): {
  store: Pick<EventStore, 'read' | 'newest'>;
  read: () => number;
} {
  let sum = 0;
  const store: Pick<EventStore, 'read' | 'newest'> = {
    read: async (...which) => {
      const found = await events.read(...which);
      sum += found.length;
      return found;
    },
    newest: async (stream) => {
      const found = await events.newest(stream);
      sum += found === undefined ? 0 : 1;
      return found;
    },
  };
  return { store, read: () => sum };
}
