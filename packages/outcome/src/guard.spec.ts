import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keysToTrip, MassFailureGuard } from './guard.ts';

const start = 1_000_000;

function failing(guard: MassFailureGuard, defaults: { poolSize?: number; alike?: string } = {}) {
  return (keyId: string, nowMs: number, changes: { upstream?: string; alike?: string } = {}) =>
    guard.observe({
      upstream: 'u',
      keyId,
      alike: 'unauthorized:401',
      model: null,
      poolSize: 10,
      nowMs: start + nowMs,
      ...defaults,
      ...changes,
    });
}

describe('a mass failure', () => {
  it('is when several keys fail alike at one upstream within ten seconds', () => {
    const fail = failing(new MassFailureGuard());
    expect(fail('a', 0)).toEqual({ kind: 'let' });
    expect(fail('b', 4_000)).toEqual({ kind: 'let' });
    expect(fail('c', 10_000)).toEqual({
      kind: 'tripped',
      keyIds: ['a', 'b', 'c'],
      sinceMs: start,
    });
    expect(fail('d', 10_001)).toEqual({ kind: 'held' });
    expect(fail('a', 70_000)).toEqual({ kind: 'held' });
  });

  it('is not one key that fails again and again', () => {
    const fail = failing(new MassFailureGuard());
    for (let turn = 0; turn < 100; turn += 1) expect(fail('a', turn).kind).toBe('let');
  });

  it('is not when they fail differently, elsewhere or over a longer time', () => {
    const fail = failing(new MassFailureGuard());
    expect(fail('a', 0).kind).toBe('let');
    expect(fail('b', 0, { alike: 'quota:402' }).kind).toBe('let');
    expect(fail('c', 0, { upstream: 'v' }).kind).toBe('let');
    expect(fail('d', 1).kind).toBe('let');
    expect(fail('e', 10_001).kind).toBe('let');
  });

  it('is not while some key succeeds there', () => {
    const guard = new MassFailureGuard();
    const fail = failing(guard);
    fail('a', 0);
    fail('b', 1);
    guard.success('u');
    expect(fail('c', 2).kind).toBe('let');
    expect(fail('d', 3).kind).toBe('let');
  });

  it('ends with the first success, or when nothing fails for two minutes', () => {
    const guard = new MassFailureGuard();
    const fail = failing(guard);
    for (const key of ['a', 'b', 'c']) fail(key, 0);
    guard.success('u');
    expect(fail('a', 1).kind).toBe('let');
    for (const key of ['b', 'c']) fail(key, 2);
    expect(fail('d', 3).kind).toBe('held');
    expect(fail('d', 120_004).kind).toBe('let');
  });

  it('takes twice as many keys after a success of a key that did not fail in it', () => {
    const guard = new MassFailureGuard();
    const fail = failing(guard);
    for (const key of ['a', 'b', 'c', 'd']) fail(key, 0);
    guard.success('u', { keyId: 'e', model: 'm', nowMs: start });
    const answers = ['a', 'b', 'c', 'd', 'f', 'g', 'h'].map((key) => fail(key, 1).kind);
    expect(answers).toEqual(['let', 'let', 'let', 'let', 'let', 'tripped', 'held']);
  });

  it('takes no more keys after one of those that failed in it succeeds again', () => {
    const guard = new MassFailureGuard();
    const fail = failing(guard);
    for (const key of ['a', 'b', 'c', 'd']) fail(key, 0);
    guard.success('u', { keyId: 'd', model: 'm', nowMs: start });
    expect(['a', 'b', 'c'].map((key) => fail(key, 1).kind)).toEqual(['let', 'let', 'tripped']);
  });

  it('of one model takes no more keys after a success with another', () => {
    const guard = new MassFailureGuard();
    const fail = (keyId: string) =>
      guard.observe({
        upstream: 'u',
        keyId,
        alike: 'forbidden:403:m',
        model: 'm',
        poolSize: 10,
        nowMs: start,
      }).kind;
    for (const key of ['a', 'b', 'c']) fail(key);
    guard.success('u', { keyId: 'd', model: 'other', nowMs: start });
    expect(['a', 'b', 'c'].map(fail)).toEqual(['let', 'let', 'tripped']);
  });

  it('never takes more keys than the pool has, however often it was false', () => {
    const guard = new MassFailureGuard();
    const fail = failing(guard, { poolSize: 5 });
    for (let turn = 0; turn < 3; turn += 1) {
      for (const key of ['a', 'b', 'c', 'd']) fail(key, turn);
      guard.success('u', { keyId: 'e', model: null, nowMs: start + turn });
    }
    const answers = ['a', 'b', 'c', 'd', 'e'].map((key) => fail(key, 4).kind);
    expect(answers).toEqual(['let', 'let', 'let', 'let', 'tripped']);
  });

  it('goes by the keys that were usable when it began, though each failure takes one out', () => {
    const guard = new MassFailureGuard();
    const answers = ['a', 'b', 'c'].map((key, at) => failing(guard, { poolSize: 3 - at })(key, at));
    expect(answers.map(({ kind }) => kind)).toEqual(['let', 'let', 'tripped']);
    expect(failing(guard, { poolSize: 2 })('d', 20_000).kind).toBe('held');
  });

  it('takes as few keys as ever an hour after the last false alarm', () => {
    const guard = new MassFailureGuard();
    const fail = failing(guard);
    for (const key of ['a', 'b', 'c']) fail(key, 0);
    guard.success('u', { keyId: 'd', model: null, nowMs: start });
    expect(['a', 'b', 'c'].map((key) => fail(key, 3_600_001).kind)).toEqual([
      'let',
      'let',
      'tripped',
    ]);
  });

  it('does not keep a pool from losing its bad keys, be they nine of ten', () => {
    const guard = new MassFailureGuard();
    const fail = failing(guard, { poolSize: 1_000 });
    const strikes = new Map<string, number>();
    for (let turn = 0; turn < 10; turn += 1) {
      for (let at = 0; at < 1_000; at += 1) {
        const keyId = `k${at}`;
        const nowMs = turn * 10_000 + at * 10;
        // Good keys stand anywhere: the runs between them are of every length.
        if ((at * 7_919) % 1_000 < 100) {
          guard.success('u', { keyId, model: null, nowMs: start + nowMs });
          continue;
        }
        const answer = fail(keyId, nowMs);
        if (answer.kind === 'let') strikes.set(keyId, (strikes.get(keyId) ?? 0) + 1);
        if (answer.kind === 'tripped') for (const each of answer.keyIds) strikes.delete(each);
      }
    }
    expect([...strikes.values()].filter((each) => each >= 3).length).toBe(900);
  });

  it('takes a fifth of the pool, three at least and five at most, and never a pool of two', () => {
    expect([3, 15, 16, 20, 21, 25, 26, 1_000_000].map(keysToTrip)).toEqual([
      3, 3, 4, 4, 5, 5, 5, 5,
    ]);
    const fail = failing(new MassFailureGuard(), { poolSize: 2 });
    for (let turn = 0; turn < 20; turn += 1) expect(fail(`k${turn}`, turn).kind).toBe('let');
  });

  it('names as taken back exactly the keys whose verdicts it let through', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            key: fc.integer({ min: 0, max: 8 }),
            stepMs: fc.integer({ min: 0, max: 6_000 }),
            success: fc.boolean(),
          }),
        ),
        (steps) => {
          const guard = new MassFailureGuard();
          const fail = failing(guard);
          let nowMs = 0;
          let lately = new Map<string, number>();
          for (const { key, stepMs, success } of steps) {
            nowMs += stepMs;
            if (success && key === 0) {
              guard.success('u');
              lately = new Map();
            }
            const keyId = `k${key}`;
            const answer = fail(keyId, nowMs);
            if (answer.kind === 'let') lately.set(keyId, nowMs);
            if (answer.kind !== 'tripped') continue;
            const recent = [...lately].filter(([, atMs]) => nowMs - atMs <= 10_000);
            expect(new Set(answer.keyIds)).toEqual(
              new Set([...recent.map(([each]) => each), keyId]),
            );
          }
        },
      ),
    );
  });

  it('remembers a bounded number of upstreams and kinds', () => {
    const guard = new MassFailureGuard();
    const fail = failing(guard);
    for (let turn = 0; turn < 5_000; turn += 1) {
      fail('a', 0, { upstream: `u${turn}` });
      fail('a', 0, { alike: `forbidden:403:${turn}` });
    }
    expect(fail('b', 0, { upstream: 'u4999' }).kind).toBe('let');
    expect(fail('c', 0, { upstream: 'u4999' }).kind).toBe('tripped');
  });
});
