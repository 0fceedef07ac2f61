import { describe, expect, it } from 'vitest';
import type { FailureKind } from './attempt-outcome.ts';
import { judge } from './judge.ts';
import { answered, context, errorEvent, failed } from './told-outcomes.ts';

describe('an answer without an error', () => {
  it('is a success, a redirect, or empty', () => {
    expect(judge(answered(200), context())).toEqual({
      verdict: 'success',
      scope: 'none',
      rule: 'success',
      message: '',
      retry: 'no',
      cooldown: null,
      at_fault: null,
      alike: null,
    });
    expect(judge(answered(307), context())).toMatchObject({ verdict: 'pass', rule: 'redirect' });
    expect(judge({ kind: 'empty', status: 200 }, context())).toMatchObject({
      verdict: 'upstream',
      rule: 'empty',
      retry: 'other-upstream',
    });
    expect(judge({ kind: 'empty', status: 200 }, context({ method: 'HEAD' })).verdict).toBe(
      'success',
    );
  });
});

describe('an error event', () => {
  it('before content counts against the upstream and is tried elsewhere', () => {
    for (const type of ['api_error', 'server_error', null]) {
      expect(judge(errorEvent({ type }), context())).toMatchObject({
        verdict: 'upstream',
        scope: 'upstream',
        rule: 'error-event',
        retry: 'other-upstream',
      });
    }
  });

  it('means what it would have meant as a status', () => {
    const ruleOf = (code: string | null, type: string | null) =>
      judge(errorEvent({ code, type }), context()).rule;
    expect(ruleOf(null, 'overloaded_error')).toBe('overloaded');
    expect(ruleOf('rate_limit_exceeded', 'tokens')).toBe('rate-limit');
    expect(ruleOf('429', 'RESOURCE_EXHAUSTED')).toBe('rate-limit');
    expect(ruleOf('insufficient_quota', null)).toBe('quota');
    expect(ruleOf('invalid_api_key', 'invalid_request_error')).toBe('unauthorized');
    expect(ruleOf('503', 'UNAVAILABLE')).toBe('error-event');
    expect(judge(errorEvent({ type: 'invalid_request_error' }), context())).toMatchObject({
      verdict: 'pass',
      retry: 'no',
    });
  });

  it('after a part was sent is judged alike and not tried again', () => {
    expect(judge(errorEvent({ type: 'overloaded_error' }, true), context())).toMatchObject({
      rule: 'overloaded',
      retry: 'no',
    });
  });
});

describe('a failure without an answer', () => {
  const kinds = [
    'connect-error',
    'connect-timeout',
    'tls-error',
    'reset',
    'invalid-response',
    'header-timeout',
    'first-byte-timeout',
    'stream-idle-timeout',
    'cut-short',
  ] as const satisfies readonly FailureKind[];

  it.each(kinds)('%s is the upstream’s and is tried elsewhere', (kind) => {
    expect(judge(failed(kind), context())).toMatchObject({
      verdict: 'upstream',
      scope: 'upstream',
      rule: kind,
      retry: 'other-upstream',
      at_fault: 'upstream',
      message: kind,
      alike: null,
    });
    expect(judge(failed(kind, { committed: true }), context()).retry).toBe('no');
  });

  it('is not tried again for a call that creates something, once it was sent', () => {
    const creating = context({ inference: false });
    expect(judge(failed('reset'), creating).retry).toBe('no');
    expect(judge(failed('header-timeout'), creating).retry).toBe('no');
    expect(judge(failed('reset', { sent: false }), creating).retry).toBe('other-upstream');
    expect(judge(failed('connect-error', { sent: false }), creating).retry).toBe('other-upstream');
    expect(judge(answered(500), creating).retry).toBe('no');
    expect(judge({ kind: 'empty', status: 200 }, creating).retry).toBe('no');
    expect(judge(answered(503), creating).retry).toBe('other-upstream');
    expect(judge(answered(429), creating).retry).toBe('other-key');
    expect(judge(answered(401), creating).retry).toBe('other-key');
  });

  it('of the client is nobody’s', () => {
    expect(judge({ kind: 'client-gone' }, context())).toMatchObject({
      verdict: 'client',
      scope: 'client',
      retry: 'no',
      at_fault: 'client',
      alike: null,
    });
  });
});
