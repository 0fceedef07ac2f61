import { describe, expect, it } from 'vitest';
import {
  countFilters,
  fromLocalInput,
  localInput,
  rangeOf,
  readFilters,
  toParams,
  toQuery,
  withFilter,
} from './log-filters.ts';

const nowMs = Date.parse('2026-03-01T12:00:00.400Z');

describe('filters of the logs', () => {
  it('come out of an address and go back into it unchanged', () => {
    const filters = { group: 'main', status: '4xx', outcome: 'key', q: 'a&b=c', range: '1h' };
    const params = toParams(filters);
    expect(params).toMatchObject({ ...filters, model: null, from: null });
    expect(readFilters(params)).toEqual(filters);
  });

  it.each([
    ['a status that is none', { status: '700' }],
    ['an unknown outcome', { outcome: 'luck' }],
    ['an unknown range', { range: '3h' }],
    ['a time that is none', { from: 'yesterday' }],
    ['a text that is too long', { q: 'x'.repeat(501) }],
    ['spaces only', { model: '  ' }],
    ['a name of another page', { view: 'x' }],
    ['a value given twice', { group: ['a', 'b'] }],
  ])('are without %s', (_what, params) => {
    expect(readFilters(params)).toEqual({});
  });

  it('ask for the time of a range that ends now', () => {
    expect(toQuery({ range: '15m', model: 'm' }, nowMs)).toEqual({
      model: 'm',
      from: '2026-03-01T11:45:00.000Z',
    });
  });

  it('ask from and to of a range of their own', () => {
    const filters = { range: 'custom', from: '2026-02-01T00:00:00Z', to: '2026-02-02T00:00:00Z' };
    expect(toQuery(filters, nowMs)).toEqual({
      from: '2026-02-01T00:00:00.000Z',
      to: '2026-02-02T00:00:00.000Z',
    });
    expect(toQuery({}, nowMs)).toEqual({});
  });

  it('lose the times of another range when one is chosen', () => {
    const custom = { from: '2026-02-01T00:00:00Z', group: 'g', range: 'custom' };
    expect(withFilter(custom, 'range', '24h')).toEqual({ group: 'g', range: '24h' });
    expect(withFilter(custom, 'range', '')).toEqual({ group: 'g' });
    expect(withFilter(custom, 'range', 'custom')).toEqual(custom);
  });

  it('lose one that is emptied or makes no sense', () => {
    expect(withFilter({ q: 'x', status: '429' }, 'status', '')).toEqual({ q: 'x' });
    expect(withFilter({ status: '429' }, 'status', '4x')).toEqual({});
    expect(withFilter({}, 'outcome', 'error')).toEqual({ outcome: 'error' });
  });

  it('are counted as a person sees them', () => {
    expect(countFilters({})).toBe(0);
    expect(countFilters({ range: 'custom' })).toBe(0);
    expect(countFilters({ range: 'custom', from: 'a', to: 'b', group: 'g' })).toBe(2);
    expect(countFilters({ range: '1h' })).toBe(1);
  });

  it('name their range', () => {
    expect(rangeOf({})).toBe('');
    expect(rangeOf({ range: '7d' })).toBe('7d');
    expect(rangeOf({ to: '2026-02-01T00:00:00Z' })).toBe('custom');
  });

  it('show a time in local time and read it back', () => {
    const time = '2026-02-01T10:30:00.000Z';
    expect(fromLocalInput(localInput(time))).toBe(time);
    expect([localInput(undefined), localInput('x'), fromLocalInput('')]).toEqual(['', '', '']);
  });
});
