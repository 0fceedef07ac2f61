import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { ja } from './ja.ts';
import { zh } from './zh.ts';

const folder = join(import.meta.dirname, '..');
const source = globSync('**/*.{ts,html}', { cwd: folder })
  .filter((file) => !file.startsWith('i18n/') && !file.endsWith('.spec.ts'))
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .join('\n');

const gaps = (message: string): string[] =>
  [...new Set(message.match(/\{\w+\}/g) ?? [])].toSorted();

describe('the messages', () => {
  it.each([
    ['zh', zh],
    ['ja', ja],
  ] as const)('of %s are complete, not empty, and have the same gaps', (_name, messages) => {
    expect(Object.keys(messages).toSorted()).toEqual(Object.keys(en).toSorted());
    for (const [key, text] of Object.entries(messages)) {
      expect(text, key).not.toBe('');
      expect(gaps(text), key).toEqual(gaps(en[key as keyof typeof en]));
    }
  });

  it('are all used', () => {
    // Names that are put together, such as `taskKind.${kind}`, count by their beginning.
    const unused = Object.keys(en).filter((key) => {
      const stem = key.slice(0, key.lastIndexOf('.') + 1);
      return !source.includes(`'${key}'`) && !(stem !== '' && source.includes(`\`${stem}\${`));
    });
    expect(unused).toEqual([]);
  });

  it('that the code asks for are all there', () => {
    const asked = Array.from(source.matchAll(/\bt\(\s*'([^']+)'/g), ([, key]) => key ?? '');
    expect(asked.filter((key) => !(key in en))).toEqual([]);
  });
});
