import { expect, it } from 'vitest';
import { heard, isWritten, lost } from './gap.ts';

const newest = '2026-03-01T12:00:00.000Z';

it('begins before the newest row that is known: requests that began earlier may end in it', () => {
  expect(lost(null, newest)).toEqual({ from: '2026-03-01T11:58:00.000Z', heardMs: null });
  expect(lost(null, undefined)).toBeNull();
});

it('goes on when the tail is lost again before its rows are written', () => {
  const gap = heard(lost(null, newest), 1_000);
  const again = lost(gap, '2026-03-01T12:10:00.000Z');
  expect(again).toEqual({ from: '2026-03-01T11:58:00.000Z', heardMs: null });
  expect(heard(again, 5_000)?.heardMs).toBe(5_000);
});

it('is written once rows have waited, from when the tail was heard again', () => {
  const gap = lost(null, newest);
  if (gap === null) throw new Error('there is no gap');
  expect(isWritten(gap, 1e12, 60_000)).toBe(false);
  const after = { ...gap, heardMs: 1_000 };
  expect(isWritten(after, 61_000, 60_000)).toBe(false);
  expect(isWritten(after, 80_000, 60_000)).toBe(true);
});
