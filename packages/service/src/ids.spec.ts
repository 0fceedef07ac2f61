import { describe, expect, it } from 'vitest';
import { newId, timeOfId } from './ids.ts';

describe('ids', () => {
  it('are all different and sort by the time they were made in', () => {
    const ids = Array.from({ length: 5000 }, newId);
    expect(new Set(ids).size).toBe(5000);
    const times = ids.map((id) => timeOfId(id) ?? Number.NaN);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });

  it('know the millisecond they were made in', () => {
    const before = Date.now();
    const time = timeOfId(newId());
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });

  it.each(['', 'hello', '00000000-0000-4000-8000-000000000000'])('tell no time from %j', (text) => {
    expect(timeOfId(text)).toBeUndefined();
  });
});
