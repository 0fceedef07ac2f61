import { expect, it } from 'vitest';
import type { Task } from '../api/generated.ts';
import type { I18n } from '../i18n/i18n.ts';
import { en } from '../i18n/en.ts';
import { fill, type Values } from '../i18n/fill.ts';
import { countsText } from './task-text.ts';

const i18n = {
  t: (key: keyof typeof en, values?: Values) => fill(en[key], values, String),
  has: (key: string) => key in en,
  number: String,
} as unknown as I18n;

const task = (part: Partial<Task>): Task => ({
  id: '1',
  kind: 'import',
  group: 'main',
  state: 'running',
  processed: 20,
  total: 150,
  result: { added: 19, duplicates: 1 },
  error: null,
  started_at: null,
  ended_at: null,
  ...part,
});

it('says of a task that works how far it is and what came of it so far', () => {
  expect(countsText(i18n, task({}))).toBe('20 / 150 · 19 added · 1 duplicate');
  expect(countsText(i18n, task({ total: null, result: {} }))).toBe('20');
});

it('says of one that ended what came of it', () => {
  expect(countsText(i18n, task({ state: 'done' }))).toBe('19 added · 1 duplicate');
});
