import { newId } from '@keymux/service';
import { expect, it } from 'vitest';
import { dayOf, idAt, placeOf } from './place.ts';

it('puts ids in their day, in their order', () => {
  const ids = Array.from({ length: 1_000 }, newId).toSorted();
  const places = ids.map((id) => placeOf(id)?.seq ?? -1);
  expect(places.toSorted((a, b) => a - b)).toEqual(places);
  expect(places.every((seq) => Number.isSafeInteger(seq) && seq >= 0)).toBe(true);
  expect(placeOf(newId())?.day).toBe(dayOf(Date.now()));
  expect(placeOf('019a4567-0123-7fff-bfff-ffffffffffff')?.seq).toBeLessThan(2 ** 53);
});

it('knows an id between what was made before a time and after', () => {
  const before = placeOf(idAt(Date.parse('2026-03-02')));
  expect(before).toEqual({ day: '2026-03-02', seq: 0, timeMs: Date.parse('2026-03-02') });
});

it.each(['', 'x', idAt(0), idAt(2 ** 47), '00000000-0000-4000-8000-000000000000'])(
  'has no place for %j',
  (id) => {
    expect(placeOf(id)).toBeNull();
  },
);
