import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Leases } from './leases.ts';

/** Two instances that share leases, over whatever carries them. */
export interface LeasesUnderTest {
  readonly one: Leases;
  readonly other: Leases;
  close(): Promise<void>;
}

const longMs = 60_000;
let names = 0;
const newName = (): string => `lease-${process.pid}-${(names += 1)}`;

/** What leases promise. */
export function leasesConformance(about: string, open: () => Promise<LeasesUnderTest>): void {
  describe(about, () => {
    let all: LeasesUnderTest;
    beforeAll(async () => {
      all = await open();
    });
    afterAll(() => all.close());

    it('gives a name to one at a time, and other names to others', async () => {
      const name = newName();
      const lease = await all.one.acquire(name, longMs);
      expect(lease).not.toBeNull();
      expect(await all.other.acquire(name, longMs)).toBeNull();
      expect(await all.one.acquire(name, longMs)).toBeNull();
      expect(await all.other.acquire(newName(), longMs)).not.toBeNull();
    });

    it('gives it to one of many who ask at the same time', async () => {
      const name = newName();
      const asked = await Promise.all(
        Array.from({ length: 50 }, (_, at) => (at % 2 ? all.one : all.other).acquire(name, longMs)),
      );
      expect(asked.filter((each) => each !== null)).toHaveLength(1);
    });

    it('gives it to the next when it was given back', async () => {
      const name = newName();
      const lease = await all.one.acquire(name, longMs);
      if (lease === null) throw new Error('nobody else has it');
      await all.one.release(lease);
      expect(await all.other.acquire(name, longMs)).not.toBeNull();
    });

    it('gives it to the next when its time is over, and keeps the first out', async () => {
      const name = newName();
      const first = await all.one.acquire(name, 50);
      if (first === null) throw new Error('nobody else has it');
      await setTimeout(80);
      const second = await all.other.acquire(name, longMs);
      if (second === null) throw new Error('its time is over');
      expect(await all.one.renew(first, longMs)).toBe(false);
      await all.one.release(first);
      expect(await all.one.acquire(name, longMs)).toBeNull();
      expect(await all.other.renew(second, longMs)).toBe(true);
    });

    it('keeps it as long as it is renewed', async () => {
      const name = newName();
      const lease = await all.one.acquire(name, 2_000);
      if (lease === null) throw new Error('nobody else has it');
      expect(await all.one.renew(lease, longMs)).toBe(true);
      await setTimeout(2_050);
      expect(await all.other.acquire(name, longMs)).toBeNull();
    });
  });
}
