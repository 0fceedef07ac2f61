import type { KeyView } from '@keymux/contracts';
import { expect } from 'vitest';
import type { House } from './house.ts';

/** What the tests of keys ask again and again. */
export interface KeyWatch {
  /** How often a secret reached the provider. */
  hitsOf(secret: string): number;
  keyOf(group: string, secret: string): Promise<KeyView>;
  /** Asks until a key was tried so often; every answer must be 200. */
  untilTried(
    askOnce: () => Promise<{ status: number; text: string }>,
    secret: string,
    times: number,
  ): Promise<void>;
}

/** Watches the keys of a house. */
export function watchKeys(house: House): KeyWatch {
  const hitsOf = (secret: string) => house.simulator.keyCounts.get(secret) ?? 0;
  return {
    hitsOf,
    keyOf: (group, secret) => house.keymux.api.key(group, secret),
    async untilTried(askOnce, secret, times) {
      for (let round = 0; hitsOf(secret) < times && round < 50; round += 1) {
        const reply = await askOnce();
        expect(reply.status, reply.text).toBe(200);
      }
      expect(hitsOf(secret)).toBeGreaterThanOrEqual(times);
    },
  };
}

/** What settles within some time: key states reach the API after the answer reached the client. */
export const polled = (read: () => unknown) => expect.poll(read, { timeout: 45_000 });
