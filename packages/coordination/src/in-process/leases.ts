import { randomUUID } from 'node:crypto';
import type { Lease, Leases } from '../leases.ts';

interface Held {
  readonly token: string;
  readonly untilMs: number;
}

/** Leases within one process. `now` is a clock that never goes back, ms. */
export function createInProcessLeases({
  now = () => performance.now(),
}: { readonly now?: () => number } = {}): Leases {
  const held = new Map<string, Held>();
  const isHeld = ({ name, token }: Lease): boolean => {
    const holder = held.get(name);
    return holder !== undefined && holder.token === token && holder.untilMs > now();
  };
  return {
    acquire: (name, ttlMs) => {
      const nowMs = now();
      if ((held.get(name)?.untilMs ?? Number.NEGATIVE_INFINITY) > nowMs)
        return Promise.resolve(null);
      const token = randomUUID();
      held.set(name, { token, untilMs: nowMs + ttlMs });
      return Promise.resolve({ name, token });
    },
    renew: (lease, ttlMs) => {
      if (!isHeld(lease)) return Promise.resolve(false);
      held.set(lease.name, { token: lease.token, untilMs: now() + ttlMs });
      return Promise.resolve(true);
    },
    release: (lease) => {
      if (isHeld(lease)) held.delete(lease.name);
      return Promise.resolve();
    },
  } satisfies Leases;
}
