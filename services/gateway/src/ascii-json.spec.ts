import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asciiJson } from './ascii-json.ts';

it('says any text in ASCII, and JSON reads the same text of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = asciiJson(text);
      expect(json).toMatch(/^[ -~]*$/);
      expect(JSON.parse(json)).toBe(text);
    }),
  );
  expect(asciiJson('sk-…1234')).toBe(String.raw`"sk-\u20261234"`);
});
