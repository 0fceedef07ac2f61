import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createIsoTime } from './iso-time.ts';

it('says what Date says, whichever second came before', () => {
  const isoTime = createIsoTime();
  const day = Date.parse('2026-11-29');
  fc.assert(
    fc.property(fc.integer({ min: day - 5_000, max: day + 5_000 }), (timeMs) => {
      expect(isoTime(timeMs)).toBe(new Date(timeMs).toISOString());
    }),
  );
  expect(isoTime(0)).toBe('1970-01-01T00:00:00.000Z');
});
