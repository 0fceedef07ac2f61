import { describe, expect, it } from 'vitest';
import { readHeadroom } from './reading.ts';

const read = (headers: Readonly<Record<string, string>>) =>
  readHeadroom(Object.entries(headers).flat(), 1_000);

describe('reading headroom off headers', () => {
  it('reads OpenAI’s', () => {
    const headers = {
      'x-ratelimit-limit-requests': '10000',
      'x-ratelimit-remaining-requests': '9999',
      'x-ratelimit-reset-requests': '8.64s',
      'x-ratelimit-limit-tokens': '150000',
      'x-ratelimit-remaining-tokens': '149984',
      'x-ratelimit-reset-tokens': '6m0s',
    };
    expect(read(headers)).toEqual({
      atMs: 1_000,
      requests: { remaining: 9_999, limit: 10_000, reset: '8.64s' },
      tokens: { remaining: 149_984, limit: 150_000, reset: '6m0s' },
    });
  });

  it('takes the scarcest of Anthropic’s token limits', () => {
    const headers = {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2026-11-24T10:00:01Z',
      'anthropic-ratelimit-tokens-limit': '96000',
      'anthropic-ratelimit-tokens-remaining': '90000',
      'anthropic-ratelimit-input-tokens-limit': '80000',
      'anthropic-ratelimit-input-tokens-remaining': '79000',
      'anthropic-ratelimit-output-tokens-limit': '16000',
      'anthropic-ratelimit-output-tokens-remaining': '1000',
      'anthropic-ratelimit-output-tokens-reset': '2026-11-24T10:01:00Z',
    };
    expect(read(headers)).toMatchObject({
      requests: { remaining: 49, limit: 50, reset: '2026-11-24T10:00:01Z' },
      tokens: { remaining: 1_000, limit: 16_000, reset: '2026-11-24T10:01:00Z' },
    });
  });

  it('reads headers without a kind as requests, and limits by minute and day', () => {
    expect(read({ 'x-ratelimit-remaining': '3' })).toMatchObject({
      requests: { remaining: 3, limit: null, reset: null },
      tokens: null,
    });
    const headers = {
      'x-ratelimit-remaining-requests-day': '1',
      'x-ratelimit-limit-requests-day': '100',
      'x-ratelimit-remaining-tokens-minute': '60000',
    };
    expect(read(headers)).toMatchObject({
      requests: { remaining: 1, limit: 100 },
      tokens: { remaining: 60_000 },
    });
  });

  it('finds nothing where nothing is said, or no number', () => {
    expect(read({})).toBeNull();
    expect(read({ 'x-ratelimit-limit-requests': '10' })).toBeNull();
    expect(read({ 'x-ratelimit-remaining-requests': 'many' })).toBeNull();
    expect(read({ 'anthropic-ratelimit-unified-status': 'allowed' })).toBeNull();
  });
});
