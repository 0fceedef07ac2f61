import { describe, expect, it } from 'vitest';
import { nearlyDryUntilMs } from './nearly-dry.ts';
import type { Bucket } from './reading.ts';

const nowMs = 1_800_000_000_000;
const requests = (remaining: number, limit: number | null, reset: string | null = '30s') => ({
  atMs: nowMs,
  requests: { remaining, limit, reset } satisfies Bucket,
  tokens: null,
});
const tokens = (remaining: number, limit: number | null, reset: string | null = '30s') => ({
  atMs: nowMs,
  requests: null,
  tokens: { remaining, limit, reset } satisfies Bucket,
});
const until = (reading: Parameters<typeof nearlyDryUntilMs>[0], unanswered = 0) =>
  nearlyDryUntilMs(reading, { unanswered, nowMs });

describe('whether a key is nearly dry', () => {
  it.each([
    ['no request remains', requests(0, 3), 30_000],
    ['one of three remains', requests(1, 3), null],
    ['a fiftieth remains for others', requests(200, 10_000), 30_000],
    ['more than a fiftieth remains', requests(201, 10_000), null],
    ['no limit is told', requests(1, null), null],
    ['no limit is told and none remains', requests(0, null), 30_000],
    ['a twentieth of the tokens remains', tokens(7_500, 150_000), 30_000],
    ['more than a twentieth of the tokens remains', tokens(7_501, 150_000), null],
    ['no end is told', requests(0, 3, null), 60_000],
    ['the end is over', requests(0, 3, '2026-11-24T10:00:01Z'), null],
    ['the end is further than a day', requests(0, 3, '90d'), 86_400_000],
  ])('when %s', (_about, reading, afterMs) => {
    expect(until(reading)).toBe(afterMs === null ? null : nowMs + afterMs);
  });

  it('counts requests that have no answer yet', () => {
    expect(until(requests(3, 10), 2)).toBeNull();
    expect(until(requests(3, 10), 3)).toBe(nowMs + 30_000);
  });

  it('waits for the later of two that are', () => {
    const both = { ...requests(0, 3, '10s'), tokens: tokens(0, 100, '1m').tokens };
    expect(until(both)).toBe(nowMs + 60_000);
  });
});
