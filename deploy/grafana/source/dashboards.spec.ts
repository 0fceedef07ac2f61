import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dashboards } from './dashboards.ts';

const folder = new URL('../', import.meta.url);

describe('the dashboards', () => {
  it('are what `npm run dashboards` writes', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    expect(files.toSorted()).toEqual([...dashboards.keys()].toSorted());
    for (const [name, text] of dashboards) {
      expect(readFileSync(new URL(name, folder), 'utf8'), name).toBe(text);
    }
  });
});
