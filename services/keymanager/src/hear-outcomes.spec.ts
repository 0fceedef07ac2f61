import type { Message } from '@keymux/bus';
import type { KeyFailure, KeyOutcome, KeyOutcomes } from '@keymux/contracts';
import { createLogger } from '@keymux/service';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHearChecks } from './hear-checks.ts';
import { createHearOutcomes, type Heard } from './hear-outcomes.ts';
import { createMemoryRoster, type MemoryRoster } from './roster/sqlite/memory-roster.fixture.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
const startMs = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): string => new Date(startMs + seconds * 1000).toISOString();

async function makeHearing(threshold = 3) {
  const roster = createMemoryRoster();
  roster.clock.nowMs = startMs + 3_600_000;
  const ids = await roster.addKeys('g', ['sk-one-0001', 'sk-two-0002', 'sk-three-3']);
  const counted: Heard[] = [];
  const policy = {
    name: 'g',
    type: 'standard',
    blacklistThreshold: threshold,
    probes: 1,
    probeTimeoutMs: 1000,
  } as const;
  const groups = {
    loaded: true,
    outcomesKeptMs: 86_400_000,
    seek: (name: string) =>
      Promise.resolve(
        name === 'g' ? ({ kind: 'found', group: policy } as const) : ({ kind: 'none' } as const),
      ),
  };
  const heard = (what: Heard) => counted.push(what);
  const hear = createHearOutcomes({ ...roster, groups, log, heard });
  return { roster, ids, counted, hear, hearChecks: createHearChecks({ ...roster, log }) };
}

function message(batch: number, outcomes: KeyOutcome[], more: Partial<KeyOutcomes> = {}): Message {
  const data: KeyOutcomes = {
    group: 'g',
    producer: 'p',
    batch,
    acked_through: 0,
    outcomes,
    ...more,
  };
  return {
    id: `${data.producer}.${batch}.${data.group}`,
    type: 'keymux.key.outcomes',
    version: 1,
    time: at(0),
    source: 'gateway',
    subject: `key.outcome.${data.group}`,
    data,
  };
}

const failure = (key_id: string, seconds: number, more: Partial<KeyFailure> = {}): KeyFailure => ({
  kind: 'failure',
  key_id,
  at: at(seconds),
  verdict: 'count',
  rule: 'unauthorized',
  status: 401,
  message: 'no',
  upstream: 'https://u',
  model: null,
  until: null,
  request_id: `r${seconds}`,
  ...more,
});
const success = (key_id: string, seconds: number, count = 1): KeyOutcome => ({
  kind: 'success',
  key_id,
  at: at(seconds),
  count,
  request_id: 'ok',
});

// What is the same in any two rosters that heard the same.
const seen = ({ keys }: MemoryRoster, ids: readonly string[]) =>
  Promise.all(
    ids.map(async (id) => {
      const row = await keys.find(id);
      if (row === undefined) throw new Error('the key is gone');
      const { sealed: _, ...state } = row.state;
      return { ...row, id: '', state };
    }),
  );

describe('hearing outcomes', () => {
  it('writes events, state and counters, and tells gateways', async () => {
    const { roster, ids, hear } = await makeHearing(2);
    const [a = '', b = ''] = ids;
    const batch = [failure(a, 1), success(b, 2, 5), failure(a, 3), success(a, 4)];
    expect(await hear(message(1, batch), 1)).toBe('ack');
    const [first, second] = await seen(roster, ids);
    expect(first).toMatchObject({
      version: 4,
      state: { status: 'blacklisted', streak: 2 },
      usage: { requests: 3, failures: 2, lastUsedMs: startMs + 4000 },
    });
    expect(second).toMatchObject({ version: 1, usage: { requests: 5, failures: 0 } });
    const history = await roster.store.read(`key-${a}`);
    expect(history.map((event) => [event.id, event.type, event.time])).toEqual([
      [expect.stringMatching(/\.1$/), 'KeyImported', at(3600)],
      [`p.1.g.${a}.1`, 'KeyFailed', at(1)],
      [`p.1.g.${a}.2`, 'KeyFailed', at(3)],
      [`p.1.g.${a}.3`, 'KeyBlacklisted', at(3)],
    ]);
    expect(roster.told.map((told) => [told.pool_revision, told.changes.length])).toEqual([
      [1, 3],
      [2, 1],
    ]);
    expect(roster.told[1]?.changes[0]).toMatchObject({ id: a, state: 'blacklisted', version: 4 });
  });

  it('counts a message once, however often it comes, also after its mark was forgotten', async () => {
    const { roster, ids, hear, counted } = await makeHearing();
    const [a = ''] = ids;
    const first = message(1, [failure(a, 1), success(a, 2, 3)]);
    for (const delivery of [1, 2, 3]) expect(await hear(first, delivery)).toBe('ack');
    // The bus had the second batch before this service had the first one of another group.
    await hear(message(3, [success(a, 3)], { acked_through: 2 }), 1);
    await hear(message(2, [success(a, 3)], { acked_through: 1 }), 1);
    const marks = () => roster.db.prepare('SELECT batch FROM outcome_marks').all();
    expect(marks()).toHaveLength(3);
    await hear(message(10_004, [success(a, 3)], { acked_through: 10_003 }), 1);
    expect(marks()).toEqual([{ batch: 10_004 }]);
    await hear(first, 4);
    roster.db.exec('DELETE FROM outcome_marks; DELETE FROM outcome_producers');
    await hear(first, 5);
    expect((await seen(roster, ids))[0]?.usage).toMatchObject({ requests: 7, failures: 1 });
    expect(counted.filter((what) => what === 'duplicate')).toHaveLength(4);
  });

  it('passes over keys that are gone or of another group, and parks what it cannot read', async () => {
    const { roster, ids, hear } = await makeHearing();
    const [other = ''] = await roster.addKeys('h', ['sk-other-1']);
    const batch = [failure('nobody', 1), failure(other, 1), success(other, 2)];
    expect(await hear(message(1, batch), 1)).toBe('ack');
    expect((await roster.keys.find(other))?.version).toBe(1);
    expect(await hear({ ...message(2, []), data: { outcomes: 'what?' } }, 1)).toBe('park');
    expect((await seen(roster, ids)).every((row) => row.version === 1)).toBe(true);
  });

  const guardOf = (ids: readonly string[]): KeyOutcome => ({
    kind: 'guard',
    at: at(5),
    upstream: 'https://u',
    rule: 'unauthorized',
    status: 401,
    key_ids: [...ids, 'nobody', ids[0] ?? ''],
    since: at(0),
  });

  it('takes back what a guard says, and hears no late failure after it', async () => {
    const { roster, ids, hear } = await makeHearing(1);
    const fails = ids.map((id, n) => failure(id, n + 1));
    await hear(message(1, fails), 1);
    expect((await seen(roster, ids)).map((row) => row.state.status)).toEqual(
      Array.from({ length: 3 }, () => 'blacklisted'),
    );
    const guard = guardOf(ids);
    await hear(message(2, [guard]), 1);
    await hear(message(3, [failure(ids[0] ?? '', 4)], { producer: 'q' }), 1);
    expect((await seen(roster, ids)).map((row) => row.state.status)).toEqual(
      Array.from({ length: 3 }, () => 'active'),
    );
  });

  it('ends with the same keys in rotation in whatever order a guard and the failures come', async () => {
    const orders = [0, 1, 2, 3].flatMap((a) =>
      [0, 1, 2, 3].flatMap((b) => [0, 1, 2, 3].map((c) => [a, b, c])),
    );
    for (const first of orders.filter((order) => new Set(order).size === 3)) {
      const { roster, ids, hear } = await makeHearing(1);
      const messages = [
        ...ids.map((id, n) => message(n + 1, [failure(id, n + 1)])),
        message(4, [guardOf(ids)]),
      ];
      const last = [0, 1, 2, 3].filter((each) => !first.includes(each));
      for (const each of [...first, ...last]) {
        const heard = messages[each];
        if (heard !== undefined) await hear(heard, 1);
      }
      const rows = await seen(roster, ids);
      expect(rows.map((row) => row.state.status)).toEqual(rows.map(() => 'active'));
      expect(rows.map((row) => row.usage.failures)).toEqual([1, 1, 1]);
    }
  });

  it('keeps nothing of a message when the store refuses a part of it', async () => {
    const { roster, ids, hear } = await makeHearing();
    roster.db.exec(`CREATE TRIGGER full BEFORE INSERT ON usage_minutes
      BEGIN SELECT raise(ABORT, 'the disk is full'); END`);
    const one = message(1, [failure(ids[0] ?? '', 1)]);
    expect(await hear(one, 99)).toBe('retry');
    expect(await roster.store.read(`key-${ids[0]}`)).toHaveLength(1);
    expect(roster.told).toHaveLength(1);
    roster.db.exec('DROP TRIGGER full');
    expect(await hear(one, 100)).toBe('ack');
    expect((await seen(roster, ids))[0]).toMatchObject({ version: 2, usage: { failures: 1 } });
  });

  it('catches up with events that the roster has not seen', async () => {
    const { roster, ids, hear } = await makeHearing();
    const [a = ''] = ids;
    const noted = { id: 'x', type: 'KeyNoted', time: at(1), actor: 'key', data: { note: 'n' } };
    await roster.store.append([{ stream: `key-${a}`, expectedVersion: 1, events: [noted] }]);
    expect(await hear(message(1, [failure(a, 2)]), 1)).toBe('ack');
    expect(await roster.keys.find(a)).toMatchObject({
      version: 3,
      state: { note: 'n', streak: 1 },
    });
  });
});

const step: fc.Arbitrary<Step> = fc.record({
  key: fc.integer({ min: 0, max: 2 }),
  kind: fc.constantFrom('count', 'blacklist', 'cooldown', 'success', 'guard'),
  seconds: fc.integer({ min: 0, max: 600 }),
});
interface Step {
  readonly key: number;
  readonly kind: 'count' | 'blacklist' | 'cooldown' | 'success' | 'guard';
  readonly seconds: number;
}
const outcomeOf = (ids: readonly string[], each: Step): KeyOutcome => {
  const id = ids[each.key] ?? '';
  switch (each.kind) {
    case 'success':
      return success(id, each.seconds);
    case 'guard': {
      const of = { upstream: 'https://u', rule: 'unauthorized', status: 401, key_ids: [...ids] };
      return { kind: 'guard', at: at(each.seconds), since: at(each.seconds - 10), ...of };
    }
    case 'cooldown':
      return failure(id, each.seconds, { verdict: 'cooldown', until: at(each.seconds + 3600) });
    default:
      return failure(id, each.seconds, { verdict: each.kind });
  }
};

it('gives the same with any redelivery as with every message once; a rebuild gives it again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      async (batches, random) => {
        const once = await makeHearing();
        const again = await makeHearing();
        const draw = () => random.next().value;
        for (const [n, steps] of batches.entries()) {
          const make = (ids: readonly string[], index: number) =>
            message(
              index + 1,
              (batches[index] ?? steps).map((each) => outcomeOf(ids, each)),
              {
                producer: index % 2 === 0 ? 'p' : 'q',
                // What a producer sends again is only what it was not answered for.
                acked_through: 0,
              },
            );
          await once.hear(make(once.ids, n), 1);
          await again.hear(make(again.ids, n), 1);
          for (let times = draw() % 3; times > 0; times -= 1) {
            await again.hear(make(again.ids, draw() % (n + 1)), 2);
          }
        }
        expect(await seen(again.roster, again.ids)).toEqual(await seen(once.roster, once.ids));
        expect(again.roster.told.map((told) => told.pool_revision)).toEqual(
          again.roster.told.map((_, n) => n + 1),
        );
        const heard = [...again.roster.heardPool('g').values()];
        expect(heard).toEqual((await again.roster.reader.page('g', null, 100)).keys);
        const before = await seen(again.roster, again.ids);
        await again.roster.rebuild();
        expect(await seen(again.roster, again.ids)).toEqual(before);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

it('counts the same, keeps each message once and spares the same keys in any order and with any redelivery', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 10 }),
      fc.array(fc.nat({ max: 1_000 }), { minLength: 60, maxLength: 60 }),
      async (batches, draws) => {
        const { roster, ids, hear } = await makeHearing(1);
        // One guard ends it all: it takes back what the failures before it were blamed for.
        const guard: KeyOutcome = {
          kind: 'guard',
          at: at(601),
          since: at(0),
          upstream: 'https://u',
          rule: 'unauthorized',
          status: 401,
          key_ids: [...ids],
        };
        const outcomes = batches.map((steps) =>
          steps
            .filter(({ kind }) => kind !== 'guard')
            .map((each) => outcomeOf(ids, { ...each, kind: restless(each.kind) })),
        );
        const messages = [...outcomes, [guard]].map((each, n) => message(n + 1, each));
        const deliveries = messages
          .flatMap((each, n) => Array.from({ length: 1 + ((draws[n] ?? 0) % 3) }, () => each))
          .map((each, n) => ({ each, at: draws[(n + 20) % draws.length] ?? 0 }))
          .toSorted((x, y) => x.at - y.at);
        for (const { each } of deliveries) expect(await hear(each, 1)).toBe('ack');
        const rows = await seen(roster, ids);
        for (const [n, id] of ids.entries()) {
          const mine = outcomes.flat().filter((each) => 'key_id' in each && each.key_id === id);
          const failures = mine.filter(({ kind }) => kind === 'failure').length;
          expect(rows[n]?.usage).toMatchObject({ requests: mine.length, failures });
          expect(rows[n]?.state.status).toBe('active');
        }
        const span = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, after: null, limit: 100 };
        const kept = await roster.archive.page({ group: 'g', ...span });
        const texts = (lists: readonly unknown[]) =>
          lists.map((each) => JSON.stringify(each)).toSorted();
        expect(texts(kept.batches.map((batch) => batch.outcomes))).toEqual(
          texts([...outcomes, [guard]]),
        );
        await roster.rebuild();
        expect(await seen(roster, ids)).toEqual(rows);
        roster.db.close();
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

const restless = (kind: Step['kind']): Step['kind'] => (kind === 'cooldown' ? 'count' : kind);

describe('hearing checks', () => {
  const check = (id: string, key_id: string, ok: boolean, seconds: number): Message => ({
    ...message(1, []),
    id,
    subject: 'key.check.g',
    data: { group: 'g', key_id, at: at(seconds), ok, status: ok ? 200 : 401, message: 'm', ms: 5 },
  });

  it('records a failing probe and restores by a passing one, each once', async () => {
    const { roster, ids, hear, hearChecks } = await makeHearing(1);
    const [a = ''] = ids;
    await hear(message(1, [failure(a, 1)]), 1);
    for (const delivery of [1, 2]) await hearChecks(check('c1', a, false, 9), delivery);
    expect((await roster.keys.find(a))?.state).toMatchObject({
      status: 'blacklisted',
      check: { ok: false },
    });
    expect((await roster.reader.due('g', startMs + 9_000, 10)).keys).toEqual([]);
    expect((await roster.reader.due('g', startMs + 9_001, 10)).keys.map((key) => key.id)).toEqual([
      a,
    ]);
    for (const delivery of [1, 2]) await hearChecks(check('c2', a, true, 19), delivery);
    expect((await roster.keys.find(a))?.state.status).toBe('active');
    const types = (await roster.store.read(`key-${a}`)).map((event) => event.type);
    expect(types.slice(-3)).toEqual(['KeyChecked', 'KeyChecked', 'KeyRestored']);
  });

  it('parks what it cannot read and passes over keys that are gone', async () => {
    const { hearChecks } = await makeHearing();
    expect(await hearChecks({ ...check('c', 'x', true, 1), data: 1 }, 1)).toBe('park');
    expect(await hearChecks(check('c', 'gone', true, 1), 1)).toBe('ack');
  });
});
