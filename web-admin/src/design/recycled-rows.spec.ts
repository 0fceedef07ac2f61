import { describe, expect, it } from 'vitest';
import { inSight, placeOf, rowsInOrder, windowOf } from './recycled-rows.ts';

const sight = { top: 0, height: 400, rowPx: 40, count: 1_000, ahead: 3 };
const placesAt = (top: number) => {
  const window = windowOf({ ...sight, top });
  return Array.from({ length: window.size }, (_, row) => placeOf(row, window));
};

describe('rows of a long list', () => {
  it('are as many at its begin, in the middle and at its end', () => {
    expect([0, 20_000, 39_600].map((top) => windowOf({ ...sight, top }))).toEqual([
      { start: 0, size: 17 },
      { start: 497, size: 17 },
      { start: 983, size: 17 },
    ]);
  });

  it('are no more than there are items', () => {
    expect(windowOf({ ...sight, count: 4 })).toEqual({ start: 0, size: 4 });
    expect(windowOf({ ...sight, count: 0 })).toEqual({ start: 0, size: 0 });
  });

  it('show each item of the window once', () => {
    expect(placesAt(20_000).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 17 }, (_, at) => 497 + at),
    );
  });

  it('keep their items but for those that came into the window', () => {
    const [before, after] = [placesAt(20_000), placesAt(20_120)];
    const changed = after.filter((place, row) => place !== before[row]);
    expect(changed.toSorted((a, b) => a - b)).toEqual([514, 515, 516]);
  });

  it('are read in the order of their items', () => {
    const window = windowOf({ ...sight, top: 20_000 });
    const places = rowsInOrder(window).map((row) => placeOf(row, window));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('are known by what is in sight, also when the list became shorter', () => {
    expect(inSight({ ...sight, top: 20_000 })).toEqual({ start: 500, end: 511 });
    expect(inSight({ ...sight, top: 39_600 })).toEqual({ start: 990, end: 1_000 });
    expect(inSight({ ...sight, top: 39_600, count: 5 })).toEqual({ start: 4, end: 5 });
    expect(inSight({ ...sight, count: 0 })).toEqual({ start: 0, end: 0 });
  });
});
