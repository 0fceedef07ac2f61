import { expect, it } from 'vitest';
import { compactText, relativeText } from './amounts.ts';

it.each([
  ['en-GB', 950, '950'],
  ['en-GB', 12_345, '12.3K'],
  ['en-GB', 71_728_000, '71.7M'],
  ['ja-JP', 8_939, '8,939'],
  ['ja-JP', 71_728_000, '7170万'],
  ['zh-CN', 58_000, '5.8万'],
])('writes in %s %d in little room as %s', (locale, value, text) => {
  expect(compactText(locale, value)).toBe(text);
});

it.each([
  [-59_400, '59 sec ago'],
  [-59_600, '1 min ago'],
  [-3_569_000, '59 min ago'],
  [-3_571_000, '1 hr ago'],
  [2 * 3_600_000, 'in 2 hr'],
  [-84_599_000, '23 hr ago'],
  [-84_700_000, 'yesterday'],
])('tells %d ms from now as %s', (ms, text) => {
  expect(relativeText('en-GB', ms)).toBe(text);
});
