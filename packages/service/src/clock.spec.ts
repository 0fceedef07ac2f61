import { expect, it } from 'vitest';
import { systemClock } from './clock.ts';

it('tells the time of the machine in epoch milliseconds', () => {
  const before = Date.now();
  const now = systemClock.now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
