import type { Message } from '@keymux/bus';
import type { KeyFailure, KeyOutcome, RecordedAttempt } from '@keymux/contracts';
import { createLogger } from '@keymux/service';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHearOutcomes } from '../hear-outcomes.ts';
import { streamOfKey } from '../key/stored-fact.ts';
import { createSqliteKeySnapshots } from '../key-snapshots/sqlite/key-snapshots.ts';
import { createMemoryRoster, type MemoryRoster } from '../roster/sqlite/memory-roster.fixture.ts';
import { asItRan, type ReplayPolicy } from './policy.ts';
import { whatIf } from './what-if.ts';

const log = createLogger({
  service: 'test',
  level: 'error',
  format: 'json',
  write: () => undefined,
});
const upstream = 'https://u';

const attempt = (more: Partial<RecordedAttempt> = {}): RecordedAttempt => ({
  kind: 'answered',
  error: { message: 'wrong key', code: 'invalid_api_key', type: null },
  text: 'wrong key',
  hint_ms: null,
  sent: true,
  committed: false,
  method: 'POST',
  model: 'm',
  inference: true,
  random: 0.5,
  number: 1,
  retry: 'other-key',
  alike: null,
  pool_size: 3,
  after_success: false,
  ...more,
});

/** A keymanager's hearing over a real roster, whose clock a test moves. */
async function listening(keys = 3) {
  const roster: MemoryRoster = createMemoryRoster();
  const ids = await roster.addKeys(
    'g',
    Array.from({ length: keys }, (_, n) => `sk-what-if-${String(n).padStart(12, '0')}`),
  );
  let threshold = 2;
  const hear = createHearOutcomes({
    ledger: roster.ledger,
    groups: {
      loaded: true,
      outcomesKeptMs: 86_400_000,
      seek: () =>
        Promise.resolve({
          kind: 'found',
          group: {
            name: 'g',
            type: 'standard',
            blacklistThreshold: threshold,
            probes: 1,
            probeTimeoutMs: 1_000,
          },
        }),
    },
    clock: roster.clock,
    log,
    heard: () => undefined,
  });
  let batch = 0;
  const startMs = roster.clock.nowMs;
  const now = (): string => new Date(roster.clock.nowMs).toISOString();

  async function tell(outcomes: readonly KeyOutcome[]): Promise<void> {
    batch += 1;
    const message: Message = {
      id: `p.${batch}.g`,
      type: 'keymux.key.outcomes',
      version: 1,
      time: now(),
      source: 'gateway',
      subject: 'key.outcome.g',
      data: { group: 'g', producer: 'p', batch, acked_through: 0, outcomes },
    };
    expect(await hear(message, 1)).toBe('ack');
    // A message that comes twice is kept once.
    expect(await hear(message, 2)).toBe('ack');
  }

  return {
    roster,
    ids,
    idOf: (n: number): string => ids[n % ids.length] ?? '',
    now,
    tell,
    pass: (ms: number): void => void (roster.clock.nowMs += ms),
    setThreshold: (value: number): void => void (threshold = value),
    failure: (key_id: string, more: Partial<KeyFailure> = {}): KeyFailure => ({
      kind: 'failure',
      key_id,
      at: now(),
      verdict: 'count',
      rule: 'unauthorized',
      status: 401,
      message: 'wrong key',
      upstream,
      model: 'm',
      until: null,
      request_id: `r${batch}`,
      attempt: attempt(),
      ...more,
    }),
    success: (key_id: string): KeyOutcome => ({
      kind: 'success',
      key_id,
      at: now(),
      count: 1,
      request_id: 's',
    }),
    restore: (id: string) =>
      roster.ledger.write({ keyIds: [id] }, (unit) =>
        unit.apply(
          id,
          { kind: 'restore', message: 'by hand', nowMs: roster.clock.nowMs },
          { cause: `restore-${batch}-${roster.clock.nowMs}`, actor: 'ann' },
        ),
      ),
    ask: async (policy: Partial<ReplayPolicy> = {}, made?: Parameters<typeof whatIf>[2]) => {
      const pool = await roster.pools.find('g');
      return whatIf(
        {
          archive: roster.archive,
          store: roster.store,
          snapshots: createSqliteKeySnapshots(roster.db),
          list: roster.list,
        },
        {
          group: 'g',
          poolId: pool?.id ?? null,
          policy: { ...asItRan, ...policy },
          fromMs: startMs,
          toMs: roster.clock.nowMs + 60_000,
        },
        made,
      );
    },
  };
}

const verdictTypes = new Set(['KeyFailed', 'KeyBlacklisted', 'KeyCooled', 'KeyRecovered']);
/** What follows from outcomes and changes which keys are used. */
const isVerdict = (type: string, data: object): boolean =>
  verdictTypes.has(type) || (type === 'KeyRestored' && Reflect.get(data, 'reason') === 'guard');

describe('what if', () => {
  it('decides exactly as it was decided, under the policy that ran', async () => {
    const step = fc.record({
      what: fc.constantFrom(
        ...([
          'fail',
          'fail',
          'cool',
          'quota',
          'ok',
          'restore',
          'threshold',
          'note',
          'guard',
        ] as const),
      ),
      key: fc.nat(3),
      ms: fc.constantFrom(0, 0, 1, 500, 40_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const house = await listening(4);
        try {
          for (const { what, key, ms } of steps) {
            house.pass(ms);
            const id = house.idOf(key);
            const until = new Date(house.roster.clock.nowMs + 30_000).toISOString();
            if (what === 'fail') await house.tell([house.failure(id), house.failure(id)]);
            if (what === 'cool') {
              const cooled = {
                verdict: 'cooldown',
                rule: 'rate-limit',
                status: 429,
                until,
              } as const;
              await house.tell([house.failure(id, cooled)]);
            }
            if (what === 'quota') {
              await house.tell([house.failure(id, { verdict: 'blacklist', rule: 'quota' })]);
            }
            if (what === 'guard') {
              // It names many keys and no versions: what people did in its millisecond came after it.
              house.pass(1);
              const since = new Date(house.roster.clock.nowMs - 10_000).toISOString();
              const of = { upstream, rule: 'unauthorized', status: 401, key_ids: [...house.ids] };
              await house.tell([{ kind: 'guard', at: house.now(), since, ...of }]);
            }
            if (what === 'ok') await house.tell([house.success(id)]);
            if (what === 'restore') await house.restore(id);
            if (what === 'threshold') house.setThreshold(1 + (key % 3));
            if (what === 'note') {
              const { attempt: tried, model: _, ...rest } = house.failure(id);
              const noted = { ...rest, kind: 'noted', verdict: 'pass', held: false } as const;
              await house.tell([{ ...noted, attempt: tried ?? attempt() }]);
            }
          }
          const made: unknown[] = [];
          await house.ask({}, (id, { type, atMs, data }) => {
            if (isVerdict(type, data)) made.push({ id, type, atMs, data });
          });
          const recorded = (
            await Promise.all(
              house.ids.map(async (id) =>
                (await house.roster.store.read(streamOfKey(id)))
                  .filter(({ type, data }) => isVerdict(type, data))
                  .map(({ type, time, data }) => ({ id, type, atMs: Date.parse(time), data })),
              ),
            )
          ).flat();
          const order = (a: unknown): string => JSON.stringify(a);
          const byId = (facts: unknown[]) =>
            Object.groupBy(facts, (fact) => order(fact).slice(0, 45));
          expect(byId(made)).toEqual(byId(recorded));
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
