import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cover, spanMs, startOf } from './span.ts';

const day = Date.parse('2026-03-01');
const fromMs = fc.integer({ min: day - 40 * spanMs.day, max: day });
const lengthMs = fc.integer({ min: 1, max: 35 * spanMs.day });
const stepMs = fc.constantFrom(null, 60_000, 900_000, spanMs.hour, 6 * spanMs.hour, spanMs.day);

it('covers a range to the minute, nothing twice, nothing longer than a point', () => {
  fc.assert(
    fc.property(fromMs, lengthMs, stepMs, (from, length, step) => {
      const toMs = from + length;
      const stretches = cover({ fromMs: from, toMs, stepMs: step, minutesFromMs: 0 });
      let at = startOf(from, 'minute');
      for (const stretch of stretches) {
        expect(stretch.fromMs).toBe(at);
        expect(stretch.fromMs % spanMs[stretch.span]).toBe(0);
        if (step !== null) expect(step % spanMs[stretch.span]).toBe(0);
        at = stretch.toMs;
      }
      expect(at).toBe(Math.ceil(toMs / 60_000) * 60_000);
    }),
  );
});

it('asks for hours where minutes are dropped', () => {
  fc.assert(
    fc.property(fromMs, lengthMs, stepMs, (from, length, step) => {
      const minutesFromMs = day - 7 * spanMs.day;
      const toMs = from + length;
      const stretches = cover({ fromMs: from, toMs, stepMs: step, minutesFromMs });
      for (const { span, fromMs: at } of stretches) {
        if (at < minutesFromMs) expect(['hour', 'day']).toContain(span);
      }
      expect(stretches[0]?.fromMs).toBeLessThanOrEqual(from);
      expect(stretches.at(-1)?.toMs).toBeGreaterThanOrEqual(toMs);
    }),
  );
});

it('takes a few rollups for a month', () => {
  const from = day - 30 * spanMs.day + 5 * 60_000;
  const stretches = cover({ fromMs: from, toMs: day + 300_000, stepMs: null, minutesFromMs: 0 });
  const count = stretches.reduce(
    (sum, { span, ...each }) => sum + (each.toMs - each.fromMs) / spanMs[span],
    0,
  );
  expect(count).toBeLessThan(60 + 24 + 30 + 24 + 60);
});
