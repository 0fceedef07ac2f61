import { describe, expect, it } from 'vitest';
import { testMessage } from '../message.fixture.ts';
import type { DeadLetterStore } from './dead-letter-store.ts';

/** What every store of dead letters promises; each adapter runs it on an empty one. */
export function deadLetterConformance(
  name: string,
  make: () => Promise<{ store: DeadLetterStore; close(): Promise<void> }>,
): void {
  const withStore = (work: (store: DeadLetterStore) => Promise<void>) => async () => {
    const { store, close } = await make();
    try {
      await work(store);
    } finally {
      await close();
    }
  };

  describe(`${name} keeps dead letters`, () => {
    it(
      'is empty at first',
      withStore(async (store) => {
        expect(await store.list(null, 10)).toEqual({ items: [], next: null });
        expect(await store.count()).toBe(0);
      }),
    );

    it(
      'lists what was parked, the newest first, page by page',
      withStore(async (store) => {
        for (const n of [1, 2, 3, 4, 5]) {
          const message = testMessage(`key.check.g${n}`, { n });
          await store.park('KEY_CHECKS', message, `reason ${n}`);
        }
        expect(await store.count()).toBe(5);
        const first = await store.list(null, 2);
        expect(first.items).toMatchObject([
          { stream: 'KEY_CHECKS', subject: 'key.check.g5', reason: 'reason 5' },
          { stream: 'KEY_CHECKS', subject: 'key.check.g4', reason: 'reason 4' },
        ]);
        expect(Date.parse(first.items[0]?.time ?? '')).toBeGreaterThan(0);
        const second = await store.list(first.next, 2);
        const third = await store.list(second.next, 2);
        expect(second.items.map((each) => each.reason)).toEqual(['reason 3', 'reason 2']);
        expect(third.items.map((each) => each.reason)).toEqual(['reason 1']);
        expect(third.next).toBeNull();
      }),
    );

    it(
      'keeps a message of any size and content',
      withStore(async (store) => {
        const reason = 'a "reason"\nof two lines';
        await store.park('REQUEST_LOGS', testMessage('log.request.g', 'x'.repeat(2 ** 21)), reason);
        expect((await store.list(null, 10)).items).toMatchObject([{ reason }]);
      }),
    );
  });
}
