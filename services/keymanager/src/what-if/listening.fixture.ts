import type { Message } from '@keymux/bus';
import type { KeyFailure, KeyOutcome, RecordedAttempt } from '@keymux/contracts';
import { createLogger } from '@keymux/service';
import fc from 'fast-check';
import { expect } from 'vitest';
import { createHearOutcomes } from '../hear-outcomes.ts';
import { createSqliteKeySnapshots } from '../key-snapshots/sqlite/key-snapshots.ts';
import { packPart } from '../pool-snapshots/pool-part.ts';
import { createSqlitePoolSnapshots } from '../pool-snapshots/sqlite/pool-snapshots.ts';
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

export const attempt = (more: Partial<RecordedAttempt> = {}): RecordedAttempt => ({
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
export async function listening(keys = 3) {
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
  const poolSnapshots = createSqlitePoolSnapshots(roster.db);
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
    /** Keeps the pool as it is now, for replays of what comes later. */
    snap: async (): Promise<void> => {
      const pool = await roster.pools.open('g');
      const request = { poolId: pool.id, filter: {}, order: 'created_at', limit: 1_000 } as const;
      const { keys: all } = await roster.list.page({
        ...request,
        direction: 'ascending',
        after: null,
      });
      const position = await roster.foldedThrough();
      const snapshot = { group: 'g', position, throughMs: roster.clock.nowMs };
      await poolSnapshots.put(snapshot, [await packPart(all)]);
    },
    forgetSnapshots: () => poolSnapshots.clear(),
    ask: async (
      policy: Partial<ReplayPolicy> = {},
      made?: Parameters<typeof whatIf>[2],
      fromMs = startMs,
    ) => {
      const pool = await roster.pools.find('g');
      return whatIf(
        {
          archive: roster.archive,
          store: roster.store,
          snapshots: createSqliteKeySnapshots(roster.db),
          poolSnapshots,
          list: roster.list,
        },
        {
          group: 'g',
          poolId: pool?.id ?? null,
          policy: { ...asItRan, ...policy },
          fromMs,
          toMs: roster.clock.nowMs + 60_000,
        },
        made,
      );
    },
  };
}

/** What happens to a pool of four keys, drawn. */
export const steps = fc.array(
  fc.record({
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
  }),
  { minLength: 1, maxLength: 40 },
);
type Step = (typeof steps extends fc.Arbitrary<infer T> ? T : never) extends (infer S)[]
  ? S
  : never;

/** Makes one of them happen. */
export async function take(
  house: Awaited<ReturnType<typeof listening>>,
  { what, key, ms }: Step,
): Promise<void> {
  house.pass(ms);
  const id = house.idOf(key);
  const until = new Date(house.roster.clock.nowMs + 30_000).toISOString();
  switch (what) {
    case 'fail':
      return house.tell([house.failure(id), house.failure(id)]);
    case 'cool': {
      const cooled = { verdict: 'cooldown', rule: 'rate-limit', status: 429, until } as const;
      return house.tell([house.failure(id, cooled)]);
    }
    case 'quota':
      return house.tell([house.failure(id, { verdict: 'blacklist', rule: 'quota' })]);
    case 'guard': {
      const since = new Date(house.roster.clock.nowMs - 10_000).toISOString();
      const of = { upstream, rule: 'unauthorized', status: 401, key_ids: [...house.ids] };
      return house.tell([{ kind: 'guard', at: house.now(), since, ...of }]);
    }
    case 'ok':
      return house.tell([house.success(id)]);
    case 'restore':
      return void (await house.restore(id));
    case 'threshold':
      return house.setThreshold(1 + (key % 3));
    case 'note': {
      const { attempt: tried, model: _, ...rest } = house.failure(id);
      const noted = { ...rest, kind: 'noted', verdict: 'pass', held: false } as const;
      return house.tell([{ ...noted, attempt: tried ?? attempt() }]);
    }
    default:
      what satisfies never;
  }
}
