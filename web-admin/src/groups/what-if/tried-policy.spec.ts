import { describe, expect, it } from 'vitest';
import { askedOf, typedRules, type WhatIfForm } from './tried-policy.ts';

const form: WhatIfForm = {
  threshold: '',
  retries: '',
  rest: '',
  guard: 'as-was',
  guardWindow: '',
  guardKeys: '',
  rules: null,
  from: '2026-11-25T08:00',
  to: '2026-11-25T09:00',
};
const configOf = (part: Partial<WhatIfForm>) => {
  const asked = askedOf({ ...form, ...part });
  return asked.kind === 'right' ? asked.body.config : asked.fields;
};

describe('a policy to try', () => {
  it('names only what was filled in', () => {
    expect(configOf({})).toEqual({});
    expect(configOf({ threshold: '0', retries: '2', rest: '90' })).toEqual({
      blacklist_threshold: 0,
      max_retries: 2,
      rest_seconds: 90,
    });
  });

  it.each([
    [{ guard: 'off', guardKeys: '3' }, { enabled: false }],
    [{ guard: 'on' }, { enabled: true }],
    [
      { guard: 'on', guardWindow: '30', guardKeys: '5' },
      { enabled: true, window_seconds: 30, keys: 5 },
    ],
  ] as const)('has a guard for %j', (part, guard) => {
    expect(configOf(part)).toEqual({ guard });
  });

  it('replaces the rules once they are edited, by none when all are taken out', () => {
    const rules = [
      { status: 429, verdict: 'cooldown', seconds: 60 },
      { status: 400, contains: 'billing', verdict: 'blacklist' },
    ] as const;
    expect(configOf({ rules: typedRules(rules) })).toEqual({ error_rules: rules });
    expect(configOf({ rules: [] })).toEqual({ error_rules: [] });
  });

  it('gives seconds only to verdicts that rest', () => {
    const rule = { status: '500', contains: '', verdict: 'count', seconds: '5' } as const;
    expect(configOf({ rules: [rule] })).toEqual({
      error_rules: [{ status: 500, verdict: 'count' }],
    });
  });

  it.each([
    [{ threshold: '-1' }, ['threshold']],
    [{ retries: '1.5' }, ['retries']],
    [{ rest: '0' }, ['rest']],
    [{ guard: 'on', guardKeys: '1' }, ['guardKeys']],
    [{ from: '' }, ['from']],
    [{ to: '2026-11-25T08:00' }, ['to']],
    [
      { rules: [{ status: '', contains: '', verdict: 'cooldown', seconds: 'x' }] },
      ['rule.0.status', 'rule.0.seconds'],
    ],
  ] as const)('finds what is wrong with %j', (part, fields) => {
    expect(configOf(part)).toEqual(new Set(fields));
  });
});
