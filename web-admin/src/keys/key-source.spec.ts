import { describe, expect, it } from 'vitest';
import type { Key } from '../api/generated.ts';
import { noKeys, withChanged, withPage } from './key-source.ts';

const key = (id: string, streak = 0): Key => ({
  id,
  group: 'g',
  masked: 'sk-…',
  status: 'active',
  why: '',
  note: '',
  streak,
  requests: 0,
  failures: 0,
  cooldowns: [],
  created_at: '',
  last_used_at: null,
  version: 1,
});

describe('known keys', () => {
  it('grow by pages, and show a key that moved between them once', () => {
    const first = withPage(noKeys, { items: [key('a'), key('b')], next_cursor: 'x', total: 3 });
    const both = withPage(first, { items: [key('b'), key('c')], next_cursor: null, total: 3 });
    expect(both.keys.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect([both.total, both.next]).toEqual([3, null]);
  });
  it('take what changed in place', () => {
    const known = withPage(noKeys, { items: [key('a'), key('b')], next_cursor: null, total: 2 });
    expect(withChanged(known, [key('b', 2)]).keys.map(({ streak }) => streak)).toEqual([0, 2]);
  });
});
