import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamOfKey } from '../key/stored-fact.ts';
import { attempt, listening, steps, take } from './listening.fixture.ts';

const verdictTypes = new Set(['KeyFailed', 'KeyBlacklisted', 'KeyCooled', 'KeyRecovered']);
/** What follows from outcomes and changes which keys are used. */
const isVerdict = (type: string, data: object): boolean =>
  verdictTypes.has(type) || (type === 'KeyRestored' && Reflect.get(data, 'reason') === 'guard');

/** Facts of keys that follow from outcomes, as they can be compared. */
const byKey = (facts: readonly { readonly id: string }[]): Record<string, unknown[] | undefined> =>
  Object.groupBy(facts, ({ id }) => id);

type House = Awaited<ReturnType<typeof listening>>;

/** What was decided since a moment, by the event store. */
async function recordedSince(house: House, fromMs: number) {
  const ofKeys = await Promise.all(
    house.ids.map(async (id) => {
      const events = await house.roster.store.read(streamOfKey(id));
      return events.map(({ type, time, data }) => ({ id, type, atMs: Date.parse(time), data }));
    }),
  );
  return byKey(
    ofKeys.flat().filter(({ type, atMs, data }) => atMs >= fromMs && isVerdict(type, data)),
  );
}

/** What a replay decides under the policy that ran. */
async function decidedSince(house: House, fromMs?: number) {
  const made: { id: string; type: string; atMs: number; data: object }[] = [];
  await house.ask(
    {},
    (id, { type, atMs, data }) => {
      if (isVerdict(type, data)) made.push({ id, type, atMs, data });
    },
    fromMs,
  );
  return byKey(made);
}

describe('what if', () => {
  it('decides exactly as it was decided, under the policy that ran', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const house = await listening(4);
        try {
          for (const step of taken) await take(house, step);
          expect(await decidedSince(house)).toEqual(await recordedSince(house, 0));
        } finally {
          house.roster.db.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('decides so from the middle of lives, with a snapshot of the pool and without one', async () => {
    await fc.assert(
      fc.asyncProperty(steps, steps, steps, async (before, between, after) => {
        const house = await listening(4);
        try {
          for (const step of before) await take(house, step);
          await house.snap();
          house.pass(1);
          for (const step of between) await take(house, step);
          house.pass(1);
          const fromMs = house.roster.clock.nowMs;
          for (const step of after) await take(house, step);
          const recorded = await recordedSince(house, fromMs);
          const ask = () => house.ask({ threshold: 1 }, undefined, fromMs);
          const other = await ask();
          expect(await decidedSince(house, fromMs)).toEqual(recorded);
          await house.forgetSnapshots();
          expect(await decidedSince(house, fromMs)).toEqual(recorded);
          expect(await ask()).toEqual(other);
        } finally {
          house.roster.db.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('says which keys another threshold would have kept or lost', async () => {
    const house = await listening();
    const [a, b] = [house.idOf(0), house.idOf(1)];
    await house.tell([house.failure(a), house.failure(a)]);
    house.pass(1_000);
    await house.tell([house.failure(b)]);
    const lenient = await house.ask({ threshold: 5 });
    expect(lenient.before).toMatchObject({ blacklisted: 1, failures: 3 });
    expect(lenient.after).toMatchObject({ blacklisted: 0, failures: 3 });
    expect(lenient.outcomes).toBe(3);
    const strict = await house.ask({ threshold: 1 });
    expect([...strict.after.verdicts.keys()].toSorted()).toEqual([a, b].toSorted());
    house.roster.db.close();
  });

  it('judges again under other error rules', async () => {
    const house = await listening();
    await house.tell([house.failure(house.idOf(0)), house.failure(house.idOf(0))]);
    const pardoned = await house.ask({
      errorRules: [{ status: 401, contains: 'wrong key', verdict: 'pass' }],
    });
    expect(pardoned.after).toMatchObject({ blacklisted: 0, failures: 0, requestsFailedOver: 0 });
    expect(pardoned.before).toMatchObject({ blacklisted: 1, requestsFailedOver: 2 });
    const cooled = await house.ask({
      errorRules: [{ status: 401, verdict: 'cooldown', seconds: 5 }],
    });
    expect(cooled.after).toMatchObject({ blacklisted: 0, cooled: 1 });
    house.roster.db.close();
  });

  it('judges the same again under the same rules', async () => {
    const house = await listening();
    await house.tell([house.failure(house.idOf(0)), house.failure(house.idOf(0))]);
    const { before, after } = await house.ask({ errorRules: [] });
    expect(after).toEqual(before);
    house.roster.db.close();
  });

  it('lets a guard hold what fell, and fall what was held', async () => {
    const house = await listening(5);
    const alike = attempt({ alike: 'unauthorized:401', pool_size: 5 });
    for (let n = 0; n < 5; n += 1) {
      const failed = house.failure(house.idOf(n), { verdict: 'blacklist', attempt: alike });
      await house.tell([failed]);
    }
    const guarded = await house.ask({ guard: {} });
    expect(guarded.before).toMatchObject({ blacklisted: 5 });
    // The three that trip it are taken back or held, the others are held.
    expect(guarded.after.usable.at(-1)?.usable).toBe(5);
    expect(guarded.before.usable.at(-1)?.usable).toBe(0);
    expect((await house.ask({ guard: 'off' })).after).toMatchObject({ blacklisted: 5 });
    house.roster.db.close();
  });

  it('counts the requests and the time without any key', async () => {
    const house = await listening(1);
    const id = house.idOf(0);
    await house.tell([house.failure(id), house.failure(id)]);
    house.pass(10_000);
    await house.tell([{ kind: 'no-key', at: house.now(), model: 'm', request_id: 'n' }]);
    await house.restore(id);
    const { before, after } = await house.ask({ threshold: 0 });
    expect(before.requestsWithoutKey).toBe(1);
    expect(before.withoutKeyMs).toBe(10_000);
    expect(after).toMatchObject({ requestsWithoutKey: 0, withoutKeyMs: 0 });
    house.roster.db.close();
  });

  it('rests keys as long as asked where the answer did not say', async () => {
    const house = await listening(1);
    const until = new Date(house.roster.clock.nowMs + 60_000).toISOString();
    const limited = {
      verdict: 'cooldown',
      rule: 'rate-limit',
      status: 429,
      model: null,
      until,
    } as const;
    const unhinted = attempt({ error: null, text: '', model: null });
    await house.tell([house.failure(house.idOf(0), { ...limited, attempt: unhinted })]);
    const { before, after } = await house.ask({ usualRestMs: 5_000 });
    expect(before.withoutKeyMs).toBeGreaterThan(50_000);
    expect(after.withoutKeyMs).toBe(5_000);
    house.roster.db.close();
  });
});
