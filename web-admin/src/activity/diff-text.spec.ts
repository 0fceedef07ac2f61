import { expect, it } from 'vitest';
import { valueText } from './diff-text.ts';

it.each([
  [undefined, null],
  [null, null],
  ['', null],
  ['https://a.example', 'https://a.example'],
  [false, 'false'],
  [0, '0'],
  [[{ url: 'x', weight: 1 }], '[ { "url": "x", "weight": 1 } ]'],
])('reads %j as %j', (value, text) => {
  expect(valueText(value)).toBe(text);
});
