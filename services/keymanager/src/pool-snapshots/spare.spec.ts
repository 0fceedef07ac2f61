import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sparePositions } from './spare.ts';

it('spares none while there is room', () => {
  expect(sparePositions([], 3)).toEqual([]);
  expect(sparePositions([1, 2, 3], 3)).toEqual([]);
});

it('keeps the newest and so many, whatever there is', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat({ max: 1_000_000 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      (found, most) => {
        const positions = found.toSorted((a, b) => a - b);
        const spare = new Set(sparePositions(positions, most));
        const kept = positions.filter((each) => !spare.has(each));
        expect(kept).toHaveLength(Math.min(most, positions.length));
        expect(kept.at(-1)).toBe(positions.at(-1));
      },
    ),
  );
});

it('leaves distances that grow with age, when they come one after the other', () => {
  let kept: number[] = [];
  for (let position = 10; position <= 100_000; position += 10) {
    kept.push(position);
    const spare = new Set(sparePositions(kept, 16));
    kept = kept.filter((each) => !spare.has(each));
  }
  const distances = kept.slice(1).map((each, at) => each - (kept[at] ?? 0));
  expect(distances.at(-1)).toBeLessThan(1_000);
  expect(distances[0]).toBeGreaterThan(10 * (distances.at(-1) ?? 0));
  // No moment of the past is further from a snapshot than half of all there is.
  expect(Math.max(kept[0] ?? 0, ...distances)).toBeLessThanOrEqual(50_000);
});
