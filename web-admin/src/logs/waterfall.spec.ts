import { describe, expect, it } from 'vitest';
import { ticksOf, waterfallOf } from './waterfall.ts';

const attempt = (ms: number) => ({
  key_id: 'k',
  key: 'sk-…1',
  upstream: 'https://a.example',
  status: 200,
  verdict: 'success' as const,
  rule: 'success',
  ms,
});

describe('the waterfall of a request', () => {
  it('lays attempts one after another, by their share of the whole', () => {
    const { bars, totalMs, otherMs, firstByte } = waterfallOf({
      attempts: [attempt(100), attempt(300)],
      duration_ms: 500,
      ttfb_ms: 250,
    });
    expect(
      bars.map(({ number, startMs, start, width }) => [number, startMs, start, width]),
    ).toEqual([
      [1, 0, 0, 0.2],
      [2, 100, 0.2, 0.6],
    ]);
    expect([totalMs, otherMs, firstByte]).toEqual([500, 100, 0.5]);
  });

  it('shows an attempt that took no time, inside of the scale', () => {
    const { bars } = waterfallOf({
      attempts: [attempt(100), attempt(0)],
      duration_ms: 100,
      ttfb_ms: null,
    });
    expect(bars[1]?.width).toBeGreaterThan(0);
    expect((bars[1]?.start ?? 1) + (bars[1]?.width ?? 1)).toBeLessThanOrEqual(1);
  });

  it('has room for attempts that took longer than the row says', () => {
    const { totalMs, otherMs } = waterfallOf({
      attempts: [attempt(80), attempt(40)],
      duration_ms: 100,
      ttfb_ms: 200,
    });
    expect([totalMs, otherMs]).toEqual([120, 0]);
  });

  it('is empty for a request that was never sent on', () => {
    expect(waterfallOf({ attempts: [], duration_ms: 0, ttfb_ms: null })).toEqual({
      bars: [],
      totalMs: 1,
      otherMs: 1,
      ticksMs: [0, 0.5, 1],
      firstByte: null,
    });
  });

  it.each([
    [7, [0, 2, 4, 6]],
    [100, [0, 50, 100]],
    [1_900, [0, 500, 1_000, 1_500]],
    [12_000, [0, 5_000, 10_000]],
  ])('of %d ms has round ticks', (totalMs, ticks) => {
    expect(ticksOf(totalMs)).toEqual(ticks);
  });
});
