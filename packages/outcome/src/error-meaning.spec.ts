import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { answered, context } from './told-outcomes.ts';

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
  ])('%i "%s" is the end of the account', (status, message) => {
    expect(judge(answered(status, { error: { message } }), context())).toMatchObject({
      rule: 'quota',
      verdict: 'blacklist',
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
