import { randomUUIDv7 } from 'node:crypto';

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A new UUIDv7 (RFC 9562): unique, and sorting by the millisecond it was made in. */
export function newId(): string {
  return randomUUIDv7();
}

/** The epoch milliseconds in which {@link newId} made `id`; undefined for any other text. */
export function timeOfId(id: string): number | undefined {
  if (!uuidV7.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
