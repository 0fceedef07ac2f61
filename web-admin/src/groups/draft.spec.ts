import { describe, expect, it } from 'vitest';
import { bodyOf, byRule, emptyDraft, patchOf, rebased, unreadableRules } from './draft.ts';

const draft = { ...emptyDraft(undefined), name: 'a', upstreams: [{ url: 'http://u', weight: 1 }] };

describe('a group in a form', () => {
  it('goes to the API with its keys split and its rules read', () => {
    const rules = { ...draft.rules, error_rules: '[{"status":429,"verdict":"retry"}]' };
    const body = bodyOf({ ...draft, proxy_keys: 'one, two\nthree', rules });
    expect(body.proxy_keys).toEqual(['one', 'two', 'three']);
    expect(body.error_rules).toEqual([{ status: 429, verdict: 'retry' }]);
    expect(body.members).toBeUndefined();
  });
  it('names rules that are no JSON', () => {
    const rules = { ...draft.rules, header_rules: '[{' };
    expect(unreadableRules({ ...draft, rules })).toEqual(['header_rules']);
  });
  it('sends only what was changed, and null for a setting that is inherited again', () => {
    const before = { ...draft, config: { max_retries: 5, connect_timeout: 9 } };
    const after = { ...before, enabled: false, config: { connect_timeout: 10 } };
    expect(patchOf(before, after)).toEqual({
      enabled: false,
      config: { max_retries: null, connect_timeout: 10 },
    });
    expect(patchOf(before, before)).toEqual({});
  });
});

describe('a form that somebody else overtook', () => {
  const before = emptyDraft(undefined);
  it('keeps what was changed in it, on top of the newest', () => {
    const mine = { ...before, display_name: 'Mine' };
    const newest = { ...before, display_name: 'Theirs', description: 'Theirs too' };
    expect(rebased(before, mine, newest)).toEqual({ ...newest, display_name: 'Mine' });
  });
  it('shows what is wrong inside of a text at the text', () => {
    expect(byRule({ 'error_rules.2.status': 'is required', name: 'is taken' })).toEqual({
      error_rules: '2.status: is required',
    });
  });
});
