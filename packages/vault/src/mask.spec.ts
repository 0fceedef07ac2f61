import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mask } from './mask.ts';

describe('mask', () => {
  it('shows the first six and the last four characters of a key', () => {
    expect(mask('sk-abcdefghijklmnopqrstuvwxyz')).toBe('sk-abc…wxyz');
  });

  it('hides more of a shorter secret', () => {
    expect(mask('sk-abcdefghij')).toBe('sk-…hij');
    expect(mask('password')).toBe('pa…');
    expect(mask('secret')).toBe('…');
    expect(mask('')).toBe('…');
  });

  it('never shows more than half of a secret, and never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (secret) => {
        const shown = mask(secret);
        expect([...shown].length - 1).toBeLessThanOrEqual([...secret].length / 2);
        expect(shown.isWellFormed()).toBe(true);
      }),
    );
  });
});
