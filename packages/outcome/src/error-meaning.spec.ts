import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { answered, context, model, nowMs } from './told-outcomes.ts';

describe('what a provider says in its own way', () => {
  it.each([
    [400, 'This organization has been disabled.'],
    [403, 'This organization has been disabled.'],
    [
      429,
      'Your team 0-1 has either used all available credits or reached its monthly spending limit.',
    ],
    [
      403,
      'Your team 0-1 has either used all available credits or reached its monthly spending limit.',
    ],
    [403, 'You have run out of credits or need a Grok subscription.'],
    [403, 'Sorry, your account balance is insufficient'],
    [403, 'Insufficient account balance'],
    [429, '余额不足或无可用资源包,请充值。'],
  ])('%i "%s" is the end of the account', (status, message) => {
    expect(judge(answered(status, { error: { message } }), context())).toMatchObject({
      rule: 'quota',
      verdict: 'blacklist',
    });
  });

  it('is the end of the account by its code alone, with any status', () => {
    const body = { error: { code: 'Arrearage', message: 'Access denied.' } };
    expect(judge(answered(400, body), context())).toMatchObject({ rule: 'quota' });
  });

  it.each([
    ['SERVICE_DISABLED', 'Generative Language API has not been used in project 1 before.'],
    ['API_KEY_HTTP_REFERRER_BLOCKED', 'Requests from referer <empty> are blocked.'],
    ['API_KEY_IP_ADDRESS_BLOCKED', 'The originating address violates this restriction.'],
    ['CONSUMER_INVALID', 'Permission denied on resource project x.'],
    [null, 'Your project has been denied access. Please contact support.'],
  ])('of Gemini counts against the key: %s', (reason, message) => {
    const details = reason === null ? [] : [{ reason }];
    const body = { error: { code: 403, status: 'PERMISSION_DENIED', message, details } };
    expect(judge(answered(403, body, { channel: 'gemini' }), context())).toMatchObject({
      rule: 'key-invalid',
      verdict: 'count',
    });
  });

  it.each(['insufficient_user_quota', 'pre_consume_token_quota_failed'])(
    'of a relay counts against the key: %s',
    (code) => {
      const body = { error: { message: 'quota', type: 'new_api_error', code } };
      expect(judge(answered(403, body), context())).toMatchObject({
        rule: 'key-invalid',
        verdict: 'count',
      });
    },
  );

  it('of a relay without a channel for a model is about that model alone', () => {
    const body = { error: { message: 'No available channel', code: 'model_not_found' } };
    expect(judge(answered(503, body), context())).toMatchObject({
      rule: 'model-unserved',
      scope: 'upstream-model',
      retry: 'other-upstream',
      cooldown: { model, untilMs: nowMs + 10_000 },
    });
    expect(judge(answered(404, body), context()).rule).toBe('request');
  });

  it('in HTML with 403 is a firewall’s: no key rests for what a client wrote', () => {
    const page = '<!DOCTYPE html><html><title>Attention Required! | Cloudflare</title></html>';
    expect(judge(answered(403, page), context())).toMatchObject({
      rule: 'blocked',
      verdict: 'retry',
      scope: 'request',
      retry: 'other-upstream',
      cooldown: null,
      at_fault: 'upstream',
      alike: null,
    });
  });

  it('of flagged input is about the request: no key rests, and no other is asked', () => {
    const message =
      'openai/gpt-4o requires moderation on OpenAI. Your input was flagged for "harassment".';
    expect(judge(answered(403, { error: { message, code: 403 } }), context())).toEqual({
      verdict: 'pass',
      scope: 'request',
      rule: 'flagged',
      message,
      retry: 'no',
      cooldown: null,
      at_fault: 'client',
      alike: null,
    });
  });

  it('is not taken from what a client may have put there', () => {
    const quoted = {
      error: { message: 'Unknown tool "this organization has been disabled" in: run out' },
    };
    expect(judge(answered(400, quoted), context()).rule).toBe('request');
    const tool = { error: { message: 'No such tool: "your input was flagged"' } };
    expect(judge(answered(403, tool), context()).rule).toBe('forbidden');
  });
});
