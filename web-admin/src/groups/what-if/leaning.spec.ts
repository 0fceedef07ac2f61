import { expect, it } from 'vitest';
import { leaning } from './leaning.ts';

it.each([
  [3, 1, 'good'],
  [1, 3, 'bad'],
  [2, 2, 'same'],
] as const)('calls %d to %d %s', (before, after, lean) => {
  expect(leaning(before, after)).toBe(lean);
});
