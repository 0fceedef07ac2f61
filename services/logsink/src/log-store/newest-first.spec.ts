import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newestFirst, type PlaceStream } from './newest-first.ts';

it('merges any streams into one that falls, from below a place', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat({ max: 10_000 }), { maxLength: 300 }),
      fc.integer({ min: 1, max: 12 }),
      fc.nat({ max: 10_000 }),
      (places, count, below) => {
        const falling = places.toSorted((a, b) => b - a);
        const streams = Array.from({ length: count }, (_, nth): PlaceStream => {
          const own = falling.filter((place) => place % count === nth);
          return (end, limit) => own.filter((place) => place < end).slice(0, limit);
        });
        expect([...newestFirst(streams, below)]).toEqual(falling.filter((each) => each < below));
      },
    ),
  );
});

it('reads no stream further than it needs', () => {
  let read = 0;
  const endless: PlaceStream = (below, limit) => {
    read += limit;
    return Array.from({ length: limit }, (_, at) => below - 1 - at);
  };
  const places = newestFirst([endless, () => []], 1_000_000);
  expect(Array.from({ length: 5 }, () => places.next().value)).toEqual([
    999_999, 999_998, 999_997, 999_996, 999_995,
  ]);
  expect(read).toBeLessThanOrEqual(7);
});
