import { createHash } from 'node:crypto';
import type { NewEvent } from '@keymux/event-store';

/** What the first entry is chained to. */
export const chainStart = '';

/** An entry of the audit with its place in the chain: the hash before it, and its own. */
export type ChainedEvent = NewEvent & {
  readonly data: { readonly prev: string; readonly hash: string };
};

/** The hash of an entry after the hash before it; `prev` and `hash` in its data do not count. */
export function hashOf(prev: string, { id, type, time, actor, data }: NewEvent): string {
  const { prev: _prev, hash: _hash, ...said } = data;
  const text = JSON.stringify([prev, id, type, time, actor, sorted(said)]);
  return createHash('sha256').update(text).digest('hex');
}

/** Puts an entry behind the hash of the one before. */
export function chain(prev: string, event: NewEvent): ChainedEvent {
  return { ...event, data: { ...event.data, prev, hash: hashOf(prev, event) } };
}

// A store may give the fields of an object back in another order.
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  return fields
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => [name, sorted(each)]);
}
