import { createLogger } from '@keymux/service';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { statusAt } from '../key/state.ts';
import type { KeyCommand } from '../key/command.ts';
import { createSqliteKeySnapshots } from '../key-snapshots/sqlite/key-snapshots.ts';
import type { PoolSnapshots } from '../pool-snapshots/pool-snapshots.ts';
import { createSqlitePoolSnapshots } from '../pool-snapshots/sqlite/pool-snapshots.ts';
import { createMemoryRoster } from '../roster/sqlite/memory-roster.fixture.ts';
import { readKeyThen } from './key-then.ts';
import { createPoolSnapshotKeeper } from './pool-snapshot-keeper.ts';
import { readPoolThen } from './pool-then.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
const stepMs = 100_000;
const kinds = ['add', 'fail', 'late', 'cool', 'disable', 'delete', 'close', 'snap'] as const;
type Kind = (typeof kinds)[number];
interface Step {
  readonly kind: Kind;
  readonly group: 'g' | 'h';
  readonly key: number;
}
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...kinds),
  group: fc.constantFrom('g', 'h'),
  key: fc.nat({ max: 6 }),
});

function command(id: string, kind: Kind, nowMs: number): KeyCommand | undefined {
  const failure = {
    kind: 'failure',
    key_id: id,
    // What comes late happened three steps ago.
    at: new Date(kind === 'late' ? nowMs - 3 * stepMs : nowMs).toISOString(),
    verdict: 'blacklist',
    rule: 'billing',
    status: 402,
    message: 'no money',
    upstream: 'https://u',
    model: null,
    until: null,
    request_id: 'r',
  } as const;
  switch (kind) {
    case 'fail':
    case 'late':
      return { kind: 'hear-failure', threshold: 3, nowMs, outcome: failure };
    case 'cool': {
      const until = new Date(nowMs + 2.5 * stepMs).toISOString();
      const outcome = { ...failure, verdict: 'cooldown', until } as const;
      return { kind: 'hear-failure', threshold: 3, nowMs, outcome };
    }
    case 'disable':
      return { kind: 'disable', nowMs };
    case 'delete':
      return { kind: 'delete', nowMs };
    default:
      return undefined;
  }
}

/** A roster that lived through steps, a step each 100 s, with snapshots from some of them. */
async function lived(steps: readonly Step[]) {
  const roster = createMemoryRoster();
  const { clock, db, store } = roster;
  const snapshots = createSqlitePoolSnapshots(db);
  const keeper = createPoolSnapshotKeeper({
    roster,
    snapshots,
    clock,
    log,
    quietMs: 0,
    fewestEvents: 1,
  });
  const ids = { g: [] as string[], h: [] as string[] };
  let secrets = 0;
  for (const { kind, group, key } of steps) {
    clock.nowMs += stepMs;
    const id = ids[group][key % Math.max(1, ids[group].length)] ?? '';
    const does = command(id, kind, clock.nowMs);
    if (kind === 'add') {
      secrets += 1;
      ids[group].push(...(await roster.addKeys(group, [`sk-${secrets}-0123456789abcdef`])));
    } else if (kind === 'close') {
      const pool = await roster.pools.find(group);
      const origin = { cause: `c${secrets}`, actor: 'test', nowMs: clock.nowMs };
      if (pool !== undefined) await roster.ledger.closePool(pool.id, origin);
    } else if (kind === 'snap') {
      const through = await roster.foldedThrough();
      if ((await roster.pools.find(group)) === undefined) continue;
      const last = await snapshots.latest(group, Number.MAX_SAFE_INTEGER);
      if (last?.position === through) continue;
      keeper.changed(group, 1);
      const newest = () => snapshots.latest(group, Number.MAX_SAFE_INTEGER);
      await expect
        .poll(newest, { interval: 1, timeout: 30_000 })
        .toMatchObject({ position: through });
    } else if (does !== undefined) {
      const origin = { cause: `e${clock.nowMs}`, actor: 'test' };
      await roster.ledger.write({ keyIds: [id] }, (unit) => unit.apply(id, does, origin));
    }
  }
  await keeper.stop();
  return { roster, store, snapshots, keySnapshots: createSqliteKeySnapshots(db), ids };
}

const none: Pick<PoolSnapshots, 'latest' | 'parts'> = {
  latest: async () => undefined,
  parts: () => {
    throw new Error('there are none');
  },
};

it('a pool is the same at every moment with snapshots and without, and has the keys as each one tells', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const { roster, store, snapshots, keySnapshots, ids } = await lived(steps);
      const endMs = roster.clock.nowMs;
      const beginMs = endMs - steps.length * stepMs;
      for (let atMs = beginMs; atMs <= endMs; atMs += stepMs / 2) {
        for (const group of ['g', 'h'] as const) {
          const asked = { group, atMs };
          const folded = await readPoolThen({ store, poolSnapshots: none }, asked);
          const quick = await readPoolThen({ store, poolSnapshots: snapshots }, asked);
          expect(quick).toEqual(folded);
          expect(folded.every(({ id }) => ids[group].includes(id))).toBe(true);
          for (const { id, status } of folded) {
            const key = await readKeyThen({ store, snapshots: keySnapshots }, id, atMs);
            expect(key && statusAt(key.state, atMs)).toBe(status);
          }
        }
      }
      roster.db.close();
    }),
    { numRuns: 40 },
  );
});

it('a look at a pool reads only what came after a snapshot, and nothing of what came after the moment', async () => {
  const add = { kind: 'add', group: 'g', key: 0 } as const;
  const snap = { kind: 'snap', group: 'g', key: 0 } as const;
  const cool = (key: number): Step => ({ kind: 'cool', group: 'g', key });
  const rests = [0, 1, 2, 0, 1, 2].map(cool);
  const { roster, store, snapshots } = await lived([add, add, add, ...rests, snap, ...rests]);
  const seen: number[] = [];
  const counted: Pick<typeof store, 'readAll'> = {
    readAll: async (...which) => {
      const found = await store.readAll(...which);
      seen.push(...found.map(({ position }) => position));
      return found;
    },
  };
  const atMs = roster.clock.nowMs - 3 * stepMs;
  await readPoolThen({ store: counted, poolSnapshots: snapshots }, { group: 'g', atMs });
  expect(seen).toEqual([10, 11, 12]);
  roster.db.exec(`UPDATE pool_snapshots SET through_ms = through_ms + 1e12`);
  seen.length = 0;
  await readPoolThen({ store: counted, poolSnapshots: snapshots }, { group: 'g', atMs });
  expect(seen).toHaveLength(12);
  roster.db.close();
});
