import { describe, expect, it } from 'vitest';
import type { Key } from '../api/generated.ts';
import { noKeys, pagesIn, withChanged, withFirst, withPage } from './key-source.ts';

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
    const first = withPage(noKeys(), { items: [key('a'), key('b')], next_cursor: 'x', total: 3 });
    const both = withPage(first, { items: [key('b'), key('c')], next_cursor: null, total: 3 });
    expect(both.keys.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect([both.total, both.next]).toEqual([3, null]);
  });
  it('take what changed in place', () => {
    const known = withPage(noKeys(), { items: [key('a'), key('b')], next_cursor: null, total: 2 });
    expect(withChanged(known, [key('b', 2)]).keys.map(({ streak }) => streak)).toEqual([0, 2]);
  });

  const list = (...names: string[]) => ({
    items: names.map((id) => key(id)),
    next_cursor: names.at(-1) ?? null,
    total: 9,
  });

  it('keep the place of somebody who scrolled down, unless the list is another one', () => {
    const known = withPage(withPage(noKeys(), list('a', 'b')), list('c'));
    const fresh = { items: [key('a', 7), key('b')], next_cursor: 'b', total: 8 };
    const kept = withFirst(known, fresh);
    expect(kept.keys.map(({ id, streak }) => `${id}${streak}`)).toEqual(['a7', 'b0', 'c0']);
    expect([kept.total, kept.next]).toEqual([8, 'c']);
    const other = withFirst(known, list('x', 'y'));
    expect(other.keys.map(({ id }) => id)).toEqual(['x', 'y']);
    expect(other.pages).toEqual([{ from: 0, cursor: undefined }]);
  });

  it('say which pages are in sight, and how to ask for them again', () => {
    const known = [list('c', 'd'), list('e', 'f')].reduce(
      withPage,
      withPage(noKeys(), list('a', 'b')),
    );
    expect(pagesIn(known, { start: 0, end: 2 })).toEqual([]);
    expect(pagesIn(known, { start: 1, end: 3 })).toEqual([{ from: 2, cursor: 'b' }]);
    expect(pagesIn(known, { start: 3, end: 9 }).map(({ cursor }) => cursor)).toEqual(['b', 'd']);
  });
});
