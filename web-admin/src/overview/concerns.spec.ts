import { describe, expect, it } from 'vitest';
import type { Group } from '../api/generated.ts';
import { concernsOf } from './concerns.ts';

const group = {
  name: 'main',
  type: 'standard',
  enabled: true,
  upstreams: [{ url: 'https://u', weight: 1 }],
} as unknown as Group;
type Known = Parameters<typeof concernsOf>[1];
const kinds = (keys: Known['keys']) =>
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

  it('as badly as when none works, when it has no keys and is asked', () => {
    const totals = [{ group: 'main', requests: 1 }] as unknown as Known['totals'];
    const known = { totals, keys: new Map(), troubles: [] };
    expect(concernsOf([group], known).map(({ kind }) => kind)).toEqual(['none-usable']);
  });

  it('once for all requests that fail of one cause', () => {
    const totals = [{ group: 'main', requests: 50, error_rate: 0.9 }] as unknown as Known['totals'];
    const dead = { kind: 'failing-upstream' as const, group: 'main', upstream: 'u', share: 0.9 };
    const known = { totals, keys: undefined };
    const kindsWith = (troubles: Known['troubles']) =>
      concernsOf([group], { ...known, troubles }).map(({ kind }) => kind);
    expect(kindsWith([dead])).toEqual(['failing-upstream']);
    expect(kindsWith([{ ...dead, share: 0.1 }])).toEqual(['failing-upstream', 'many-errors']);
  });

  it('the sooner the more of its requests fail', () => {
    const names = ['few', 'all', 'half'];
    const groups = names.map((name) => ({ ...group, name }));
    const troubles = [0.06, 1, 0.5].map((share, at) => ({
      kind: 'failing-upstream' as const,
      group: names[at] ?? '',
      upstream: 'https://u',
      share,
    }));
    const found = concernsOf(groups, { totals: [], keys: undefined, troubles });
    expect(found.map((each) => each.group)).toEqual(['all', 'half', 'few']);
  });

  it('not for its keys while those are not known', () => {
    expect(kinds(undefined)).toEqual([]);
  });
});
