import type { KeyFailure } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import type { KeyCommand, KeyFact } from './command.ts';
import { decide } from './decide.ts';
import { evolve } from './evolve.ts';
import { initialState, isLive, type KeyState, statusAt } from './state.ts';
import { why } from './why.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();
const ms = (seconds: number): number => start + seconds * 1000;

const imported: KeyFact = {
  type: 'KeyImported',
  data: {
    group: 'g',
    sealed: 'v1.k.x',
    fingerprint: 'f',
    masked: 'sk-abc…wxyz',
    task_id: null,
  },
  atMs: start,
};

function failure(seconds: number, more: Partial<KeyFailure> = {}): KeyFailure {
  return {
    kind: 'failure',
    key_id: 'k',
    at: at(seconds),
    verdict: 'count',
    rule: 'unauthorized',
    status: 401,
    message: 'Incorrect API key',
    upstream: 'https://api.example',
    model: 'm',
    until: null,
    request_id: `r${seconds}`,
    ...more,
  };
}
const fails = (
  seconds: number,
  more: Partial<KeyFailure> = {},
  { threshold = 3, heard = seconds } = {},
): KeyCommand => ({
  kind: 'hear-failure',
  outcome: failure(seconds, more),
  threshold,
  nowMs: ms(heard),
});
const cools = (seconds: number, until: number | null, model: string | null = 'm'): KeyCommand =>
  fails(seconds, {
    verdict: 'cooldown',
    rule: 'rate_limited',
    status: 429,
    model,
    until: until === null ? null : at(until),
  });
const succeeds = (seconds: number, heard = seconds): KeyCommand => ({
  kind: 'hear-success',
  outcome: { kind: 'success', key_id: 'k', at: at(seconds), count: 1, request_id: 'ok' },
  nowMs: ms(heard),
});
const guards = (seconds: number, since: number): KeyCommand => ({
  kind: 'hear-guard',
  outcome: {
    kind: 'guard',
    at: at(seconds),
    upstream: 'https://api.example',
    rule: 'unauthorized',
    status: 401,
    key_ids: ['k'],
    since: at(since),
  },
  nowMs: ms(seconds),
});
const checks = (seconds: number, ok: boolean, passing: 'restores' | 'reports'): KeyCommand => ({
  kind: 'hear-check',
  check: { ok, status: ok ? 200 : 401, message: ok ? 'ok' : 'no' },
  at: at(seconds),
  passing,
  nowMs: ms(seconds),
});
const restores = (seconds: number): KeyCommand => ({
  kind: 'restore',
  message: 'By hand.',
  nowMs: ms(seconds),
});
const enables = (seconds: number): KeyCommand => ({ kind: 'enable', nowMs: ms(seconds) });
const disables = (seconds: number): KeyCommand => ({ kind: 'disable', nowMs: ms(seconds) });
const deletes = (seconds: number): KeyCommand => ({ kind: 'delete', nowMs: ms(seconds) });

/** Folds what the commands make happen, from an imported key on. */
function given(...commands: readonly KeyCommand[]) {
  const imports = evolve(initialState, imported);
  const state = commands.reduce(
    (folded: KeyState, command) => decide(folded, command).reduce(evolve, folded),
    imports,
  );
  return {
    state,
    when(command: KeyCommand) {
      const facts = decide(state, command);
      const after = facts.reduce(evolve, state);
      return {
        facts,
        types: facts.map((fact) => fact.type),
        after,
        status: (seconds: number) => (isLive(after) ? statusAt(after, ms(seconds)) : after.status),
        why: (seconds: number) => (isLive(after) ? why(after, ms(seconds)) : ''),
        streak: isLive(after) ? after.streak : -1,
      };
    },
  };
}

describe('counting failures', () => {
  it('counts a failure and keeps the key', () => {
    const { types, status, streak, facts } = given().when(fails(1));
    expect(types).toEqual(['KeyFailed']);
    expect([status(1), streak]).toEqual(['active', 1]);
    expect(facts[0]?.data).toMatchObject({ streak: 1, threshold: 3, request_id: 'r1' });
  });

  it('blacklists at the threshold and says why', () => {
    const { types, status, why: sentence } = given(fails(1), fails(2)).when(fails(3));
    expect(types).toEqual(['KeyFailed', 'KeyBlacklisted']);
    expect(status(3)).toBe('blacklisted');
    expect(sentence(3)).toBe(
      'Blacklisted after 3 failures in a row: 401 from https://api.example “Incorrect API key” (rule unauthorized, request r3).',
    );
  });

  it('counts only failures in a row: a success in between starts anew', () => {
    const { types, streak } = given(fails(1), fails(2)).when(succeeds(3));
    expect(types).toEqual(['KeyRecovered']);
    expect(streak).toBe(0);
    expect(given(fails(1), fails(2), succeeds(3)).when(fails(4)).types).toEqual(['KeyFailed']);
  });

  it('makes no event of a success when nothing failed', () => {
    expect(given().when(succeeds(1)).types).toEqual([]);
  });

  it('is not reset by a success that came before the failure but is heard after it', () => {
    expect(given(fails(2)).when(succeeds(1, 3)).types).toEqual([]);
  });

  it('blacklists at once where the provider says that the key is dead', () => {
    const dead = fails(1, { verdict: 'blacklist', rule: 'billing', status: 402 });
    const { types, why: sentence } = given().when(dead);
    expect(types).toEqual(['KeyBlacklisted']);
    expect(sentence(1)).toMatch(/^Blacklisted at once: 402 from /);
  });

  it('never blacklists at a threshold of 0, not even at once', () => {
    const never = { threshold: 0 };
    const many = Array.from({ length: 50 }, (_, n) => fails(n, {}, never));
    expect(given(...many).when(fails(51, {}, never)).types).toEqual(['KeyFailed']);
    const dead = fails(1, { verdict: 'blacklist' }, never);
    expect(given().when(dead).types).toEqual(['KeyFailed']);
  });

  it('applies a lowered threshold to the streak there is', () => {
    expect(
      given(fails(1))
        .when(fails(2, {}, { threshold: 1 }))
        .status(2),
    ).toBe('blacklisted');
  });

  it.each([
    ['blacklisted', [fails(1, { verdict: 'blacklist' })]],
    ['disabled', [disables(1)]],
    ['deleted', [deletes(1)]],
  ])('passes over failures and successes of a %s key', (_, before) => {
    for (const command of [fails(2), cools(2, 60), succeeds(2)]) {
      expect(given(...before).when(command).types).toEqual([]);
    }
  });

  it('takes a time that cannot be read, or lies ahead, for now', () => {
    for (const wrong of ['soon', at(9999)]) {
      expect(given().when(fails(5, { at: wrong })).facts[0]?.atMs).toBe(ms(5));
    }
  });
});

describe('cooling down', () => {
  it('rests a key for the model until the time that was told', () => {
    const { types, status, streak, why: sentence } = given().when(cools(1, 30));
    expect(types).toEqual(['KeyCooled']);
    expect([status(29), status(30), streak]).toEqual(['cooling', 'active', 0]);
    expect(sentence(2)).toBe(
      `Cooling down for m until ${at(30)}: 429 from https://api.example “Incorrect API key” (rule rate_limited, request r1).`,
    );
  });

  it('never shortens a rest', () => {
    expect(given(cools(1, 60)).when(cools(2, 30)).types).toEqual([]);
    expect(given(cools(1, 60)).when(cools(2, 60)).types).toEqual([]);
    expect(given(cools(1, 60)).when(cools(2, 90)).status(89)).toBe('cooling');
    // A rest of the whole key covers its models.
    expect(given(cools(1, 60, null)).when(cools(2, 30)).types).toEqual([]);
    expect(given(cools(1, 60)).when(cools(2, 30, null)).types).toEqual(['KeyCooled']);
  });

  it('rests a minute without a hint, a month at most, and not at all for the past', () => {
    expect(given().when(cools(1, null)).status(60)).toBe('cooling');
    expect(given().when(cools(1, null)).status(61)).toBe('active');
    const { facts } = given().when(cools(1, 400 * 86_400));
    expect(facts[0]?.data).toMatchObject({ until: at(1 + 31 * 86_400) });
    expect(given().when(cools(5, 4)).types).toEqual([]);
  });

  it('neither counts nor resets a streak', () => {
    expect(given(fails(1), fails(2), cools(3, 60)).when(fails(4)).types).toEqual([
      'KeyFailed',
      'KeyBlacklisted',
    ]);
  });

  it('bounds how many models a key remembers', () => {
    const many = Array.from({ length: 200 }, (_, n) => cools(1, 60 + n, `m${n}`));
    const { state } = given(...many);
    expect(isLive(state) && state.rests.length).toBe(64);
  });
});

describe('coming back', () => {
  const dead = [fails(1), fails(2), fails(3)];

  it('a passing probe restores a blacklisted key', () => {
    const { types, status, streak } = given(...dead).when(checks(9, true, 'restores'));
    expect(types).toEqual(['KeyChecked', 'KeyRestored']);
    expect([status(9), streak]).toEqual(['active', 0]);
  });

  it('a failing probe, a report, and a probe from before the verdict restore nothing', () => {
    expect(given(...dead).when(checks(9, false, 'restores')).types).toEqual(['KeyChecked']);
    expect(given(...dead).when(checks(9, true, 'reports')).types).toEqual(['KeyChecked']);
    expect(given(...dead).when(checks(2, true, 'restores')).types).toEqual(['KeyChecked']);
    expect(given(disables(1)).when(checks(9, true, 'restores')).types).toEqual(['KeyChecked']);
  });

  it('a person restores: verdict, streak and rests are gone', () => {
    expect(
      given(...dead)
        .when(restores(9))
        .status(9),
    ).toBe('active');
    expect(given(cools(1, 60)).when(restores(9)).status(9)).toBe('active');
    expect(given(fails(1)).when(restores(9)).streak).toBe(0);
    expect(given().when(restores(9)).types).toEqual([]);
    expect(
      given(...dead)
        .when(restores(9))
        .why(9),
    ).toBe(`Restored at ${at(9)}: By hand.`);
  });

  it('what happened before a restore does not count any more', () => {
    expect(given(...dead, restores(9)).when(fails(8, {}, { heard: 10 })).types).toEqual([]);
    expect(given(...dead, restores(9)).when(fails(9)).types).toEqual(['KeyFailed']);
  });

  it('a disabled key is enabled as what it was', () => {
    expect(given(disables(1)).when(enables(2)).status(2)).toBe('active');
    expect(given(fails(1), disables(2)).when(enables(3)).streak).toBe(0);
    expect(
      given(...dead, disables(4))
        .when(enables(5))
        .status(5),
    ).toBe('blacklisted');
    expect(
      given(...dead, disables(4), restores(5))
        .when(enables(6))
        .status(6),
    ).toBe('active');
    expect(given(disables(4)).when(fails(3, {}, { heard: 9 })).types).toEqual([]);
    expect(given(disables(4), enables(5)).when(fails(4, {}, { heard: 9 })).types).toEqual([]);
    expect(given().when(enables(1)).types).toEqual([]);
    expect(given(disables(1)).when(disables(2)).types).toEqual([]);
  });

  it('a deleted key stays deleted', () => {
    const gone = given(deletes(1));
    for (const command of [enables(2), restores(2), checks(2, true, 'restores'), deletes(2)]) {
      expect(gone.when(command).types).toEqual([]);
    }
  });
});

describe('outcomes that are heard in another order than they happened, by two keymanagers', () => {
  it('may make the count of failures in a row another, as ADR 8 says', () => {
    const inOrder = given(fails(1), succeeds(2)).when(fails(3));
    expect(inOrder.streak).toBe(1);
    expect(given(fails(1), fails(3)).when(succeeds(2, 4)).streak).toBe(2);
    expect(given(succeeds(2)).when(fails(1, {}, { heard: 3 })).streak).toBe(1);
    expect(given(fails(3), fails(1, {}, { heard: 4 })).when(succeeds(2, 5)).streak).toBe(0);
  });
});

describe('the mass-failure guard', () => {
  it('takes back what keys were blamed for at that upstream by that rule since then', () => {
    const dead = [fails(10), fails(11), fails(12)];
    const { types, status, why: sentence } = given(...dead).when(guards(13, 5));
    expect(types).toEqual(['KeyRestored']);
    expect(status(13)).toBe('active');
    expect(sentence(13)).toMatch(/Several keys failed alike at https:\/\/api\.example with 401/);
    expect(given(fails(10)).when(guards(13, 5)).streak).toBe(0);
    const banned = fails(10, { verdict: 'cooldown', until: at(600) });
    expect(given(banned).when(guards(13, 5)).status(13)).toBe('active');
  });

  it('leaves verdicts of another rule, another upstream or an earlier time', () => {
    for (const other of [{ rule: 'billing' }, { upstream: 'https://other.example' }]) {
      const dead = fails(10, { verdict: 'blacklist', ...other });
      expect(given(dead).when(guards(13, 5)).types).toEqual([]);
    }
    expect(given(fails(4, { verdict: 'blacklist' })).when(guards(13, 5)).types).toEqual([]);
    const rests = given(cools(10, 600)).when(guards(13, 5));
    expect([rests.types, rests.status(14)]).toEqual([['KeyForgiven'], 'cooling']);
    // What another rule put to rest goes on resting.
    expect(given(cools(9, 600), fails(10)).when(guards(13, 5)).status(13)).toBe('cooling');
  });

  it('stops failures that are heard late from counting', () => {
    const late = fails(12, {}, { heard: 20 });
    expect(given(fails(10), guards(13, 5)).when(late).types).toEqual([]);
  });

  it('takes back failures too that are heard after it, and none that happened after it', () => {
    const spared = given(guards(13, 5));
    for (const seconds of [12, 13]) {
      const late = fails(seconds, { verdict: 'blacklist' }, { heard: 20 });
      expect(spared.when(late).types).toEqual([]);
    }
    expect(spared.when(fails(14)).types).toEqual(['KeyFailed']);
    expect(spared.when(guards(13, 5)).types).toEqual([]);
  });

  it('leaves a disabled key disabled', () => {
    const { types, status } = given(fails(10, { verdict: 'blacklist' }), disables(11)).when(
      guards(13, 5),
    );
    expect([types, status(13)]).toEqual([['KeyRestored'], 'disabled']);
  });
});
