import { describe, expect, it } from 'vitest';
import { applyHeaderRules, mergeOverrides } from './group-rules.ts';

describe("a group's rules", () => {
  it('merges deeply, replaces arrays, deletes with null', () => {
    expect(
      mergeOverrides(
        { a: { b: 1, c: 2 }, d: [1], e: 1 },
        { a: { b: 3 }, d: [2], e: null, f: { g: 1 } },
      ),
    ).toEqual({ a: { b: 3, c: 2 }, d: [2], f: { g: 1 } });
  });

  it('sets fields named __proto__ as fields', () => {
    const overrides: Record<string, unknown> = JSON.parse('{"__proto__":{"polluted":true}}');
    const merged = mergeOverrides({}, overrides);
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"polluted":true}}');
    expect({}).not.toHaveProperty('polluted');
  });

  it('sets and removes headers, filling in group and model', () => {
    expect(
      applyHeaderRules(
        ['Accept', '*/*', 'X-Team', 'old', 'X-Gone', '1'],
        [
          { name: 'x-team', action: 'set', value: '${group}/${model}' },
          { name: 'x-gone', action: 'remove' },
        ],
        { group: 'g', model: 'm' },
      ),
    ).toEqual(['Accept', '*/*', 'x-team', 'g/m']);
  });
});
