import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Throttle, ThrottlePolicy } from './throttle.ts';

/** Two instances that share throttles, over whatever carries them. */
export interface ThrottlesUnderTest {
  open(name: string, policy: ThrottlePolicy): { readonly one: Throttle; readonly other: Throttle };
  close(): Promise<void>;
}

const policy: ThrottlePolicy = {
  windowMs: 60_000,
  freeTries: 5,
  firstWaitMs: 20_000,
  longestWaitMs: 900_000,
  freeTriesOfAll: 200,
};
let names = 0;
const newName = (): string => `throttle-${process.pid}-${(names += 1)}`;

/** What throttles promise. */
export function throttleConformance(about: string, make: () => Promise<ThrottlesUnderTest>): void {
  describe(about, () => {
    let all: ThrottlesUnderTest;
    beforeAll(async () => {
      all = await make();
    });
    afterAll(() => all.close());

    it('lets some wrong tries pass, wherever they are made, and then makes everybody of the name wait', async () => {
      const { one, other } = all.open(newName(), policy);
      for (let each = 0; each < 5; each += 1) {
        expect(await (each % 2 ? one : other).tried('a', 'wrong')).toBe(0);
      }
      for (const throttle of [one, other]) {
        const waitMs = await throttle.tried('a', 'right');
        expect(waitMs).toBeGreaterThan(0);
        expect(waitMs).toBeLessThanOrEqual(20_000);
      }
      expect(await one.tried('b', 'wrong')).toBe(0);
    });

    it('counts guesses that are made at the same time', async () => {
      const { one, other } = all.open(newName(), policy);
      const waits = await Promise.all(
        Array.from({ length: 40 }, (_, at) => (at % 2 ? one : other).tried('a', 'wrong')),
      );
      expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(5);
    });

    it('forgets wrong tries after a right one', async () => {
      const { one, other } = all.open(newName(), policy);
      for (let each = 0; each < 4; each += 1) await one.tried('a', 'wrong');
      expect(await other.tried('a', 'right')).toBe(0);
      for (let each = 0; each < 5; each += 1) expect(await one.tried('a', 'wrong')).toBe(0);
    });

    it('lets the next try through when the wait is over, and doubles the wait after it', async () => {
      const hasty = { ...policy, freeTries: 1, firstWaitMs: 400, longestWaitMs: 60_000 };
      const { one, other } = all.open(newName(), hasty);
      await one.tried('a', 'wrong');
      await setTimeout((await other.tried('a', 'wrong')) + 5);
      expect(await other.tried('a', 'wrong')).toBe(0);
      const waitMs = await one.tried('a', 'wrong');
      expect(waitMs).toBeLessThanOrEqual(800);
    });

    it('holds many guessers together, and lets everybody try again after the window', async () => {
      const crowded = { ...policy, windowMs: 400, freeTriesOfAll: 10 };
      const { one, other } = all.open(newName(), crowded);
      for (let each = 0; each < 10; each += 1) await one.tried(`guesser-${each}`, 'wrong');
      await setTimeout((await other.tried('somebody', 'wrong')) + 5);
      expect(await other.tried('somebody', 'wrong')).toBe(0);
    });
  });
}
