import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Limits, LimitTimes, RunningUse, UseAnswer } from './limits.ts';

/** Three instances that share limits, over whatever carries them. */
export interface LimitsUnderTest {
  readonly instances: readonly Limits[];
  close(): Promise<void>;
}

let spaces = 0;
let uses = 0;
const newSpace = (): string => `space-${process.pid}-${(spaces += 1)}`;
const newUse = (): string => `use-${(uses += 1)}`;

/** What limits promise. */
export function limitsConformance(
  about: string,
  open: (times: LimitTimes) => Promise<LimitsUnderTest>,
): void {
  describe(about, () => {
    let long: LimitsUnderTest;
    let short: LimitsUnderTest;
    beforeAll(async () => {
      long = await open({});
      short = await open({ windowMs: 1_000, slotTtlMs: 1_000 });
    });
    afterAll(async () => {
      await long.close();
      await short.close();
    });
    const instance = (all: LimitsUnderTest, at: number): Limits => {
      const found = all.instances[at % all.instances.length];
      if (found === undefined) throw new Error('there are instances');
      return found;
    };
    const take = (
      all: LimitsUnderTest,
      at: number,
      request: { space: string; names?: string[]; perMinute?: number; atOnce?: number },
      use = newUse(),
    ): Promise<UseAnswer> => {
      const { space, names = ['key'], perMinute = 0, atOnce = 0 } = request;
      return instance(all, at).take({ space, names, allowance: { perMinute, atOnce }, use });
    };

    it('grants exactly as many uses in a minute as are allowed, over all instances', async () => {
      const space = newSpace();
      const answers = await Promise.all(
        Array.from({ length: 600 }, (_, at) => take(long, at, { space, perMinute: 100 })),
      );
      expect(answers.filter(({ granted }) => granted === 'key')).toHaveLength(100);
      for (const { granted, refused } of answers) {
        if (granted !== null) continue;
        expect(refused).toEqual([
          { name: 'key', why: 'per-minute', waitMs: expect.any(Number) as number },
        ]);
        const [first] = refused;
        const waitMs = first?.why === 'per-minute' ? first.waitMs : 0;
        expect(waitMs).toBeGreaterThan(0);
        expect(waitMs).toBeLessThanOrEqual(60_000);
      }
    });

    it('takes the first name under its limit and tells of those before it', async () => {
      const space = newSpace();
      const names = ['a', 'b', 'c'];
      const granted: (string | null)[] = [];
      for (let each = 0; each < 4; each += 1) {
        const answer = await take(long, each, { space, names, perMinute: 1 });
        granted.push(answer.granted);
        expect(answer.refused.map(({ name }) => name)).toEqual(names.slice(0, each));
      }
      expect(granted).toEqual(['a', 'b', 'c', null]);
    });

    it('counts each name and each space alone', async () => {
      const [space, other] = [newSpace(), newSpace()];
      expect((await take(long, 0, { space, perMinute: 1 })).granted).toBe('key');
      expect((await take(long, 1, { space, perMinute: 1 })).granted).toBeNull();
      expect((await take(long, 1, { space, names: ['x'], perMinute: 1 })).granted).toBe('x');
      expect((await take(long, 1, { space: other, perMinute: 1 })).granted).toBe('key');
    });

    it('grants no more than the limit in any window that slides', async () => {
      const space = newSpace();
      const times: number[] = [];
      const end = performance.now() + 3_500;
      for (let at = 0; performance.now() < end; at += 1) {
        const askedMs = performance.now();
        const { granted } = await take(short, at, { space, perMinute: 5 });
        // Between the asking and the answer it was counted: the one bound or the other is always too far out.
        if (granted !== null) times.push(askedMs, performance.now());
        await setTimeout(5);
      }
      const asked = times.filter((_, at) => at % 2 === 0);
      const answered = times.filter((_, at) => at % 2 === 1);
      expect(asked.length).toBeGreaterThan(5);
      for (const [at, askedMs] of asked.entries()) {
        const sixth = answered[at + 5];
        if (sixth !== undefined) expect(sixth - askedMs).toBeGreaterThanOrEqual(995);
      }
    });

    it('grants again when the told wait is over', async () => {
      const space = newSpace();
      await take(short, 0, { space, perMinute: 1 });
      const { refused } = await take(short, 1, { space, perMinute: 1 });
      const [first] = refused;
      await setTimeout((first?.why === 'per-minute' ? first.waitMs : 0) + 5);
      expect((await take(short, 2, { space, perMinute: 1 })).granted).toBe('key');
    });

    it('keeps to a limit that was lowered or raised meanwhile', async () => {
      const space = newSpace();
      for (let each = 0; each < 10; each += 1) await take(long, each, { space, perMinute: 10 });
      expect((await take(long, 0, { space, perMinute: 5 })).granted).toBeNull();
      expect((await take(long, 1, { space, perMinute: 11 })).granted).toBe('key');
      expect((await take(long, 2, { space, perMinute: 11 })).granted).toBeNull();
    });

    it('lets no more run at the same time than are allowed, over all instances', async () => {
      const space = newSpace();
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, at) => take(long, at, { space, atOnce: 7 })),
      );
      expect(answers.filter(({ granted }) => granted === 'key')).toHaveLength(7);
      expect(answers.find(({ granted }) => granted === null)?.refused).toEqual([
        { name: 'key', why: 'at-once' },
      ]);
    });

    it('lets the next one run when one ended, wherever that ran', async () => {
      const running: RunningUse = { space: newSpace(), name: 'key', use: newUse() };
      const { space, use } = running;
      await take(long, 0, { space, atOnce: 1 }, use);
      expect((await take(long, 1, { space, atOnce: 1 })).granted).toBeNull();
      await instance(long, 0).end(running);
      await instance(long, 0).end(running);
      expect((await take(long, 1, { space, atOnce: 1 })).granted).toBe('key');
      expect((await take(long, 2, { space, atOnce: 1 })).granted).toBeNull();
    });

    it('takes a use for ended when nobody speaks of it any more', async () => {
      const space = newSpace();
      await take(short, 0, { space, atOnce: 1 });
      await setTimeout(1_050);
      expect((await take(short, 1, { space, atOnce: 1 })).granted).toBe('key');
    });

    it('takes a use for running as long as somebody speaks of it', async () => {
      const running: RunningUse = { space: newSpace(), name: 'key', use: newUse() };
      const { space, use } = running;
      await take(long, 0, { space, atOnce: 1 }, use);
      await instance(long, 0).keep([running]);
      expect((await take(long, 1, { space, atOnce: 1 })).granted).toBeNull();
      // Also when the counts were lost: a use that goes on is spoken of again.
      const lost: RunningUse = { space: newSpace(), name: 'key', use: newUse() };
      await instance(long, 0).keep([lost]);
      expect((await take(long, 1, { space: lost.space, atOnce: 1 })).granted).toBeNull();
    });

    it('counts both limits of one name, and a use that one of them refuses for neither', async () => {
      const space = newSpace();
      const both = { space, perMinute: 2, atOnce: 1 };
      const use = newUse();
      await take(long, 0, both, use);
      expect((await take(long, 1, both)).refused).toEqual([{ name: 'key', why: 'at-once' }]);
      await instance(long, 0).end({ space, name: 'key', use });
      const next = newUse();
      expect((await take(long, 1, both, next)).granted).toBe('key');
      await instance(long, 1).end({ space, name: 'key', use: next });
      expect((await take(long, 2, both)).refused[0]?.why).toBe('per-minute');
    });
  });
}
