import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RowTexts } from './row-texts.ts';

it('gives rows back as they came, a line each, also after it was cleared', () => {
  const texts = new RowTexts();
  const anyText = fc.string({ unit: 'grapheme', maxLength: 40_000, size: 'max' });
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 6 }), (rows) => {
      texts.clear();
      for (const row of rows) texts.add(row);
      expect(texts.count).toBe(rows.length);
      expect(texts.text()).toBe(rows.map((row) => `${row}\n`).join(''));
    }),
    { numRuns: 50 },
  );
});
