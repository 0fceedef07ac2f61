import type { ErrorRule } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { answered, context, errorEvent, model, nowMs } from './told-outcomes.ts';

describe('a group’s error rules', () => {
  const ruled = (rule: ErrorRule, outcome = answered(418, { error: { message: 'Tea Pot' } })) =>
    judge(outcome, context({ errorRules: [{ status: 499, verdict: 'pass' }, rule] }));

  it('come before the table, by status and by what the body contains', () => {
    expect(ruled({ status: 418, contains: 'tea pot', verdict: 'blacklist' })).toMatchObject({
      rule: 'error-rule:2',
      verdict: 'blacklist',
      scope: 'key',
    });
    expect(ruled({ status: 418, contains: 'coffee', verdict: 'blacklist' }).rule).toBe('request');
    expect(ruled({ status: 401, verdict: 'pass' }, answered(401))).toMatchObject({
      verdict: 'pass',
      retry: 'no',
      alike: null,
    });
  });

  it('the first that fits wins', () => {
    const errorRules: ErrorRule[] = [
      { status: 429, contains: 'a', verdict: 'pass' },
      { status: 429, verdict: 'retry' },
      { status: 429, verdict: 'blacklist' },
    ];
    expect(judge(answered(429, 'bcd'), context({ errorRules })).rule).toBe('error-rule:2');
  });

  it('give every verdict', () => {
    expect(ruled({ status: 418, verdict: 'retry' })).toMatchObject({
      verdict: 'retry',
      scope: 'request',
      retry: 'other-key',
      cooldown: null,
      alike: null,
    });
    expect(ruled({ status: 418, verdict: 'count' })).toMatchObject({
      verdict: 'count',
      scope: 'key',
      retry: 'other-key',
      alike: 'error-rule:2:418',
    });
    expect(ruled({ status: 418, verdict: 'cooldown', seconds: 90 })).toMatchObject({
      verdict: 'cooldown',
      scope: 'key-model',
      cooldown: { model, untilMs: nowMs + 90_000 },
    });
    expect(ruled({ status: 418, verdict: 'cooldown' }).cooldown?.untilMs).toBe(nowMs + 60_000);
    expect(ruled({ status: 418, verdict: 'upstream' })).toMatchObject({
      verdict: 'upstream',
      scope: 'upstream',
      retry: 'other-upstream',
      cooldown: null,
    });
    expect(ruled({ status: 418, verdict: 'upstream', seconds: 5 })).toMatchObject({
      scope: 'upstream-model',
      cooldown: { model, untilMs: nowMs + 5_000 },
    });
  });

  it('name an error event by the status that it came with or stands for', () => {
    const event = errorEvent({ type: 'overloaded_error' });
    expect(ruled({ status: 200, verdict: 'pass' }, event).rule).toBe('error-rule:2');
    expect(ruled({ status: 529, verdict: 'pass' }, event).rule).toBe('error-rule:2');
    expect(ruled({ status: 500, verdict: 'pass' }, event).rule).toBe('overloaded');
  });
});
