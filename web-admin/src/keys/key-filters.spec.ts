import { describe, expect, it } from 'vitest';
import { readFilters, toParams } from './key-filters.ts';

describe('filters of keys', () => {
  it.each([
    { status: '', q: '', sort: 'created_at' },
    { status: 'blacklisted', q: 'x7f2', sort: '-failures' },
  ] as const)('are the same from their address: %j', (filters) => {
    const given = Object.entries(toParams(filters)).filter(([, value]) => value !== null);
    expect(readFilters(Object.fromEntries(given))).toEqual(filters);
  });

  it('are not in the address where they ask for nothing', () => {
    const nothing = { status: '', q: ' ', sort: 'created_at' } as const;
    expect(toParams(nothing)).toEqual({ status: null, q: null, sort: null });
  });

  it('are what they are without an address that means nothing', () => {
    const filters = { status: '', q: '', sort: 'created_at' };
    expect(readFilters({ status: 'lost', sort: 'name' })).toEqual(filters);
  });
});
