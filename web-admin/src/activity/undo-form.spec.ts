import { describe, expect, it } from 'vitest';
import { type UndoForm, undoOf } from './undo-form.ts';

const form: UndoForm = {
  group: 'main',
  rule: '',
  status: '',
  upstream: '',
  from: '2026-11-25T08:00',
  to: '2026-11-25T09:00',
};
const iso = (text: string): string => new Date(text).toISOString();
const window = { from: iso(form.from), to: iso(form.to) };

describe('the form of an undo', () => {
  it('asks for a window alone when nothing else is filled in', () => {
    expect(undoOf(form)).toEqual({ kind: 'right', body: window });
  });

  it('asks by rule, status and upstream', () => {
    const by = { rule: ' quota ', status: '429', upstream: 'https://a.example' };
    const body = { rule: 'quota', status: 429, upstream: 'https://a.example', ...window };
    expect(undoOf({ ...form, ...by })).toEqual({ kind: 'right', body });
  });

  it.each([
    [{ status: '42' }, 'status'],
    [{ status: 'many' }, 'status'],
    [{ from: '' }, 'from'],
    [{ to: '2026-11-25T07:00' }, 'to'],
  ] as const)('finds what is wrong with %j', (part, field) => {
    expect(undoOf({ ...form, ...part })).toEqual({ kind: 'wrong', field });
  });
});
