import { describe, expect, it } from 'vitest';
import { sinceFirstKey } from './since-first-key.ts';

const line = (...values: number[]) => values.map((value, at) => ({ time: String(at), value }));

describe('the lines of usable keys', () => {
  it('begin a moment before either has a key', () => {
    expect(sinceFirstKey(line(0, 0, 0, 2), line(0, 0, 1, 2))).toEqual([
      line(0, 0, 0, 2).slice(1),
      line(0, 0, 1, 2).slice(1),
    ]);
  });

  it.each([
    [line(3, 0), line(3, 3)],
    [line(0, 0), line(0, 0)],
    [line(), line()],
  ])('stay whole when there is nothing to leave out', (before, after) => {
    expect(sinceFirstKey(before, after)).toEqual([before, after]);
  });
});
