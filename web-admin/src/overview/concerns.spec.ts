import { describe, expect, it } from 'vitest';
import type { Group } from '../api/generated.ts';
import { concernsOf } from './concerns.ts';

const group = {
  name: 'main',
  type: 'standard',
  enabled: true,
  upstreams: [{ url: 'https://u', weight: 1 }],
} as unknown as Group;
const kinds = (keys: Parameters<typeof concernsOf>[1]['keys']) =>
  concernsOf([group], { totals: [], keys, troubles: [] }).map(({ kind }) => kind);

describe('a group needs somebody', () => {
  it('when it has no keys, also where the server names only groups that have some', () => {
    expect(kinds(new Map())).toEqual(['no-keys']);
    expect(kinds(new Map([['main', { active: 0 }]]))).toEqual(['no-keys']);
  });

  it('when none of its keys works, or few do', () => {
    expect(kinds(new Map([['main', { active: 0, blacklisted: 3 }]]))).toEqual(['none-usable']);
    expect(kinds(new Map([['main', { active: 1, blacklisted: 9 }]]))).toEqual(['few-usable']);
  });

  it('not for its keys while those are not known', () => {
    expect(kinds(undefined)).toEqual([]);
  });
});
