import { describe, expect, it } from 'vitest';
import { headerFacts, type HeaderFacts } from './attempt-outcome.ts';
import { nextMidnightPacificMs } from './body-reset.ts';
import { parseDurationMs } from './duration.ts';
import { resetHint } from './reset-hint.ts';

const nowMs = Date.UTC(2026, 0, 15, 12);

/** Seconds from now, or null. */
function hint(headers: HeaderFacts, body: unknown = ''): number | null {
  const bodyText = typeof body === 'string' ? body : JSON.stringify(body);
  const untilMs = resetHint({ headers, bodyText, nowMs });
  return untilMs === null ? null : (untilMs - nowMs) / 1000;
}

describe('the end of a limit', () => {
  it('is read from retry-after in seconds, milliseconds or as a date', () => {
    expect(hint({ 'retry-after': '12' })).toBe(12);
    expect(hint({ 'retry-after': '1.5' })).toBe(1.5);
    expect(hint({ 'retry-after-ms': '250' })).toBe(0.25);
    expect(hint({ 'retry-after': new Date(nowMs + 90_000).toUTCString() })).toBe(90);
  });

  it('is read from every way to write a reset', () => {
    const reset = (value: string) => hint({ 'x-ratelimit-reset-requests': value });
    expect(reset('1s')).toBe(1);
    expect(reset('6m0s')).toBe(360);
    expect(reset('1h2m3.5s')).toBe(3_723.5);
    expect(reset('20ms')).toBe(0.02);
    expect(reset('59.7')).toBe(59.7);
    expect(reset(String(nowMs / 1000 + 30))).toBe(30);
    expect(reset(String(nowMs + 30_000))).toBe(30);
    expect(reset('2026-01-15T12:01:00Z')).toBe(60);
    expect(hint({ 'x-ratelimit-reset': '5' })).toBe(5);
    expect(hint({ 'anthropic-ratelimit-tokens-reset': '2026-01-15T12:00:09Z' })).toBe(9);
    expect(hint({ 'anthropic-ratelimit-unified-reset': String(nowMs / 1000 + 8) })).toBe(8);
  });

  it('is the latest of all hints', () => {
    expect(
      hint({
        'retry-after': '3',
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-reset-tokens': '6s',
      }),
    ).toBe(6);
  });

  it('does not wait for a bucket that is not exhausted', () => {
    expect(
      hint({
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '2s',
        'x-ratelimit-remaining-tokens': '39000',
        'x-ratelimit-reset-tokens': '8h',
      }),
    ).toBe(2);
    expect(
      hint({
        'anthropic-ratelimit-requests-remaining': '12',
        'anthropic-ratelimit-requests-reset': '2026-01-15T13:00:00Z',
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': '2026-01-15T12:00:20Z',
      }),
    ).toBe(20);
  });

  it('is that of the bucket nearest to its end when none is exhausted', () => {
    expect(
      hint({
        'x-ratelimit-limit-requests': '200',
        'x-ratelimit-remaining-requests': '150',
        'x-ratelimit-reset-requests': '8h',
        'x-ratelimit-limit-tokens': '30000',
        'x-ratelimit-remaining-tokens': '500',
        'x-ratelimit-reset-tokens': '6s',
      }),
    ).toBe(6);
  });

  it('is read from Gemini’s error details, also in an array', () => {
    const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.5s' };
    const body = { error: { code: 429, details: [{ '@type': 'other' }, retryInfo] } };
    expect(hint({}, body)).toBe(34.5);
    expect(hint({}, [body])).toBe(34.5);
    expect(hint({}, { error: { details: [{ retryDelay: { seconds: '7' } }] } })).toBe(7);
  });

  it('of a daily quota of Gemini is the next midnight in California', () => {
    const quota = (quotaId: string) => ({
      error: {
        details: [
          { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId }] },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '10s' },
        ],
      },
    });
    expect(hint({}, quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier'))).toBe(20 * 3_600);
    expect(hint({}, quota('GenerateRequestsPerMinutePerProjectPerModel-FreeTier'))).toBe(10);
  });

  it('is none where nothing can be read', () => {
    expect(hint({})).toBeNull();
    for (const value of ['', 'soon', '-5', 'NaN', '1e9', '0x10', '1s2', '٣', '5 s']) {
      expect(hint({ 'retry-after': value })).toBeNull();
    }
    expect(hint({ 'retry-after': new Date(nowMs - 60_000).toUTCString() })).toBeNull();
    for (const body of ['retryDelay', '{"retryDelay":', '{"error":{"details":"retryDelay"}}']) {
      expect(hint({}, body)).toBeNull();
    }
  });

  it('is at most a week away', () => {
    expect(hint({ 'retry-after': '99999999' })).toBe(7 * 86_400);
    expect(hint({ 'retry-after': '9'.repeat(400) })).toBe(7 * 86_400);
  });
});

describe('midnight in California', () => {
  it('is right on the days when the clocks change', () => {
    const next = (iso: string) => new Date(nextMidnightPacificMs(Date.parse(iso))).toISOString();
    expect(next('2026-01-15T12:00:00.123Z')).toBe('2026-01-16T08:00:00.000Z');
    expect(next('2026-07-15T06:59:59Z')).toBe('2026-07-15T07:00:00.000Z');
    expect(next('2026-07-15T07:00:00Z')).toBe('2026-07-16T07:00:00.000Z');
    expect(next('2026-03-08T09:00:00Z')).toBe('2026-03-09T07:00:00.000Z');
    expect(next('2026-11-01T08:00:00Z')).toBe('2026-11-02T08:00:00.000Z');
  });
});

describe('a duration', () => {
  it('is null when it is none', () => {
    expect(parseDurationMs('1d2h')).toBe(93_600_000);
    for (const text of ['', 's', '5', '1.2.3s', '-1s', '1y']) {
      expect(parseDurationMs(text)).toBeNull();
    }
  });
});

describe('headers for judging', () => {
  it('are picked by lower-case name, the first of each, from raw buffers or texts', () => {
    const raw = ['Retry-After', '1', 'retry-after', '2', 'Set-Cookie', 'a', '__proto__', 'x'];
    const buffers = ['X-RateLimit-Reset-Tokens', '6s'].map((each) => Buffer.from(each));
    expect(headerFacts([...raw, ...buffers])).toEqual({
      'retry-after': '1',
      'x-ratelimit-reset-tokens': '6s',
    });
  });
});
