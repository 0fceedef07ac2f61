import { describe, expect, it } from 'vitest';
import { fromLocalInput, toLocalInput } from './local-time.ts';

describe('a moment in an input', () => {
  it('comes back as it went in, to the minute', () => {
    const ms = Date.parse('2026-11-25T08:05:59.123Z');
    expect(toLocalInput(ms)).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/);
    expect(fromLocalInput(toLocalInput(ms))).toBe('2026-11-25T08:05:00.000Z');
  });

  it.each(['', 'soon', '2026-13-40T00:00'])('is not read from %j', (text) => {
    expect(fromLocalInput(text)).toBeUndefined();
  });
});
