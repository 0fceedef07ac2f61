import { expect, it } from 'vitest';
import { valueText } from './value-text.ts';

it.each([
  [undefined, ''],
  [null, ''],
  ['', ''],
  [[], ''],
  ['https://a.example', 'https://a.example'],
  [false, 'false'],
  [0, '0'],
  [['pk-1', 'pk-2'], 'pk-1, pk-2'],
  [[{ url: 'https://a.example', weight: 1 }], 'https://a.example × 1'],
  [
    [
      { group: 'main', weight: 9 },
      { group: 'spare', weight: 1 },
    ],
    'main × 9, spare × 1',
  ],
  [[{ status: 429, verdict: 'retry' }], '[ { "status": 429, "verdict": "retry" } ]'],
  [{ 'gpt-4o': 'gpt-5' }, '{ "gpt-4o": "gpt-5" }'],
])('reads %j as %j', (value, text) => {
  expect(valueText(value)).toBe(text);
});
