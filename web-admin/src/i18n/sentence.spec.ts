import { expect, it } from 'vitest';
import { withTimes } from './sentence.ts';

const year = (time: string): string => `<${time.slice(0, 4)}>`;

it('shows every moment of a sentence as the reader writes it, and leaves the rest', () => {
  const text =
    'Cooling until 2026-11-29T09:00:00.000Z, since 2025-01-02T03:04:05Z: 429 (rate_limit)';
  expect(withTimes(text, year)).toBe('Cooling until <2026>, since <2025>: 429 (rate_limit)');
});

it('leaves what only looks like a moment', () => {
  for (const text of [
    '',
    'no time',
    '2026-11-29',
    '2026-99-99T00:00:00Z',
    'x2026-11-29T09:00:00Z',
  ]) {
    expect(withTimes(text, year)).toBe(text);
  }
});
