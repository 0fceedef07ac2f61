import type { PoolKey } from '@keymux/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdMs, KeyPool } from './key-pool.ts';
import type { RingKey } from './ring-key.ts';

const now = 1_000_000;

function poolKey(id: string, over: Partial<PoolKey> = {}): PoolKey {
  return {
    id,
    sealed: `sealed-${id}`,
    masked: id,
    state: 'active',
    streak: 0,
    cooldowns: [],
    version: 1,
    ...over,
  };
}

function poolOf(count: number): KeyPool {
  const pool = new KeyPool();
  for (let each = 0; each < count; each += 1) pool.apply(poolKey(`k${each}`), now);
  return pool;
}

const chosen = (pool: KeyPool, count: number, model: string | null = null, nowMs = now) =>
  Array.from({ length: count }, () => pool.choose(model, [], nowMs)?.id);

describe('a repaired key', () => {
  const wrong = { version: 9, state: 'disabled' } as const;

  it('is taken as it is now, whatever version was known, without the rests that it never had', () => {
    const pool = poolOf(1);
    const cooldowns = [
      { model: null, until_ms: now + 9_000 },
      { model: 'm', until_ms: now + 9_000 },
    ];
    pool.apply(poolKey('k0', { version: 9, cooldowns }), now);
    expect(chosen(pool, 1)).toEqual([undefined]);
    pool.apply(poolKey('k0', { version: 3, streak: 1, repaired: true }), now);
    expect(chosen(pool, 1, 'm')).toEqual(['k0']);
    pool.apply(poolKey('k0', wrong), now);
    pool.apply(poolKey('k0', { version: 4, repaired: true }), now);
    expect(chosen(pool, 1)).toEqual(['k0']);
  });

  it('is taken from a snapshot too, when the word of it was missed', () => {
    const pool = poolOf(1);
    pool.apply(poolKey('k0', wrong), now);
    pool.apply(poolKey('k0', { version: 8 }), now);
    expect(chosen(pool, 1)).toEqual([undefined]);
    pool.apply(poolKey('k0', { version: 9 }), now);
    expect(chosen(pool, 1)).toEqual(['k0']);
  });
});

describe('a complete snapshot', () => {
  it('forgets keys that it does not have, and keeps what is newer than it', () => {
    const pool = poolOf(4);
    pool.apply(poolKey('k1', { version: 5, state: 'disabled' }), now);
    const snapshot = pool.snapshot();
    snapshot.take([poolKey('k0'), poolKey('k1')], now);
    snapshot.take([poolKey('k9')], now);
    expect(pool.size).toBe(5);
    snapshot.end();
    expect([...pool.ids()].toSorted()).toEqual(['k0', 'k1', 'k9']);
    expect(chosen(pool, 3).toSorted()).toEqual(['k0', 'k0', 'k9']);
    expect(pool.get('k1')?.state).toBe('disabled');
  });
});

describe('a key that is gone', () => {
  it('is not judged in the place of the one that came after it', () => {
    const pool = poolOf(1);
    const gone = pool.get('k0');
    if (gone === undefined) throw new Error('no key');
    pool.apply(poolKey('k0', { version: 2, state: 'deleted' }), now);
    pool.apply(poolKey('new'), now);
    pool.fail(gone, 1, now);
    pool.cool(gone, null, now + 1000, now);
    pool.limit(gone, now + 1000, now);
    expect(chosen(pool, 1)).toEqual(['new']);
    expect(pool.get('new')?.streak).toBe(0);
  });
});

describe('the key pool', () => {
  it('uses each of k healthy keys N times in N·k choices', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 8 }), (k, n) => {
        const counts = new Map<string | undefined, number>();
        for (const id of chosen(poolOf(k), n * k)) counts.set(id, (counts.get(id) ?? 0) + 1);
        expect(counts.size).toBe(k);
        for (const count of counts.values()) expect(count).toBe(n);
      }),
    );
  });

  it('stays within one use of fair wherever the first turn is', () => {
    const pool = poolOf(7);
    pool.startAt(0.6);
    const counts = new Map<string | undefined, number>();
    for (const id of chosen(pool, 24)) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect([...counts.values()].every((count) => count === 3 || count === 4)).toBe(true);
  });

  it('never gives a key twice in one request and says when all were tried', () => {
    const pool = poolOf(40);
    const tried: RingKey[] = [];
    for (let each = 0; each < 40; each += 1) {
      const key = pool.choose('m', tried, now);
      expect(key).toBeDefined();
      if (key !== undefined) tried.push(key);
    }
    expect(new Set(tried).size).toBe(40);
    expect(pool.choose('m', tried, now)).toBeUndefined();
  });

  it('rests a key for one model only, and until its time', () => {
    const pool = poolOf(2);
    const k0 = pool.get('k0');
    if (k0 === undefined) throw new Error('k0 is in the pool');
    pool.cool(k0, 'a', now + 500, now);
    expect(chosen(pool, 4, 'a')).toEqual(['k1', 'k1', 'k1', 'k1']);
    expect(new Set(chosen(pool, 4, 'b'))).toEqual(new Set(['k0', 'k1']));
    expect(new Set(chosen(pool, 4, 'a', now + 500))).toEqual(new Set(['k0', 'k1']));
  });

  it('never shortens a rest', () => {
    const pool = poolOf(1);
    const k0 = pool.get('k0');
    if (k0 === undefined) throw new Error('k0 is in the pool');
    pool.cool(k0, 'a', now + 1000, now);
    pool.cool(k0, 'a', now + 10, now);
    expect(pool.choose('a', [], now + 999)).toBeUndefined();
    expect(pool.soonestMs('a')).toBe(now + 1000);
    expect(pool.choose('a', [], now + 1000)?.id).toBe('k0');
  });

  it('takes a key out at the threshold before keymanager says so', () => {
    const pool = poolOf(1);
    const k0 = pool.get('k0');
    if (k0 === undefined) throw new Error('k0 is in the pool');
    pool.fail(k0, 3, now);
    pool.fail(k0, 3, now);
    expect(pool.choose(null, [], now)?.id).toBe('k0');
    pool.fail(k0, 3, now);
    expect(pool.choose(null, [], now)).toBeUndefined();
    pool.apply(poolKey('k0', { version: 2, streak: 1 }), now);
    expect(pool.choose(null, [], now)).toBeUndefined();
    pool.apply(poolKey('k0', { version: 5, streak: 0 }), now);
    expect(pool.choose(null, [], now)?.id).toBe('k0');
  });

  it('lets a held key back when keymanager never answers', () => {
    const pool = poolOf(1);
    const k0 = pool.get('k0');
    if (k0 === undefined) throw new Error('k0 is in the pool');
    pool.hold(k0, now);
    expect(pool.choose(null, [], now + holdMs - 1)).toBeUndefined();
    expect(pool.choose(null, [], now + holdMs)?.id).toBe('k0');
  });

  it('passes over a key at its limit until then, or until it is asked for again', () => {
    const pool = poolOf(2);
    const k0 = pool.get('k0');
    if (k0 === undefined) throw new Error('k0 is in the pool');
    pool.limit(k0, now + 500, now);
    // What keymanager says of the key has nothing to do with its limit.
    pool.apply(poolKey('k0', { version: 2 }), now);
    expect(chosen(pool, 4)).toEqual(['k1', 'k1', 'k1', 'k1']);
    expect(pool.soonestMs('m')).toBe(now + 500);
    expect(new Set(chosen(pool, 4, null, now + 500))).toEqual(new Set(['k0', 'k1']));
    pool.limit(k0, now + 500, now);
    pool.unlimit(k0, now);
    expect(new Set(chosen(pool, 4))).toEqual(new Set(['k0', 'k1']));
    pool.limit(k0, now + 500, now);
    pool.hold(k0, now);
    pool.unlimitAll();
    expect(chosen(pool, 2)).toEqual(['k1', 'k1']);
    expect(pool.soonestMs('m')).toBeUndefined();
  });

  it('ignores words that are older than what it knows', () => {
    const pool = poolOf(1);
    pool.apply(poolKey('k0', { version: 7, state: 'blacklisted', streak: 3 }), now);
    pool.apply(poolKey('k0', { version: 6 }), now);
    expect(pool.choose(null, [], now)).toBeUndefined();
  });

  it('remembers resting keys of a bounded number of models', () => {
    const pool = poolOf(1);
    const k0 = pool.get('k0');
    if (k0 === undefined) throw new Error('k0 is in the pool');
    for (let model = 0; model < 300; model += 1) pool.cool(k0, `m${model}`, now + 100, now);
    expect(pool.choose('m0', [], now)?.id).toBe('k0');
    expect(pool.choose('m299', [], now)).toBeUndefined();
  });

  it('spares a key for one model while another may be used, and until its time', () => {
    const pool = poolOf(2);
    const [k0, k1] = [pool.get('k0'), pool.get('k1')];
    if (k0 === undefined || k1 === undefined) throw new Error('both are in the pool');
    pool.spare(k0, 'a', now + 500);
    expect(chosen(pool, 3, 'a')).toEqual(['k1', 'k1', 'k1']);
    expect(new Set(chosen(pool, 4, 'b'))).toEqual(new Set(['k0', 'k1']));
    expect(pool.choose('a', [k1], now)?.id).toBe('k0');
    expect(new Set(chosen(pool, 4, 'a', now + 500))).toEqual(new Set(['k0', 'k1']));
    pool.spare(k0, 'a', now + 900);
    pool.unspare(k0, 'a');
    expect(new Set(chosen(pool, 4, 'a', now + 500))).toEqual(new Set(['k0', 'k1']));
  });

  it('does not spare who takes the place of a key that left', () => {
    const pool = poolOf(2);
    const k0 = pool.get('k0');
    if (k0 === undefined) throw new Error('k0 is in the pool');
    pool.spare(k0, 'a', now + 500);
    pool.apply(poolKey('k0', { state: 'deleted', version: 2 }), now);
    pool.apply(poolKey('k2'), now);
    pool.spare(k0, 'a', now + 500);
    expect(new Set(chosen(pool, 4, 'a'))).toEqual(new Set(['k1', 'k2']));
  });

  it('holds to its promises through any sequence of words and choices', () => {
    const word = fc.record({
      id: fc.integer({ min: 0, max: 9 }),
      state: fc.constantFrom<PoolKey['state']>('active', 'blacklisted', 'disabled', 'deleted'),
    });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 100 }), (words) => {
        const pool = new KeyPool();
        const active = new Set<string>();
        words.forEach(({ id, state }, at) => {
          pool.apply(poolKey(`k${id}`, { state, version: at + 1 }), now);
          if (state === 'active') active.add(`k${id}`);
          else active.delete(`k${id}`);
          expect(new Set(chosen(pool, active.size))).toEqual(active);
        });
      }),
    );
  });
});
