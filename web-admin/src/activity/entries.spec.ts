import { expect, it } from 'vitest';
import type { Verdict } from '../verdicts/runs.ts';
import { entriesOf } from './entries.ts';
import type { Deed } from './stream.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 25, 8, minute)).toISOString();
const deed = (id: string, minute: number): Deed => ({
  id,
  time: at(minute),
  actor: 'key',
  topic: 'config',
  type: 'SettingsChanged',
  data: {},
  revision: null,
});
const verdict = (id: string, minute: number): Verdict => ({
  id,
  time: at(minute),
  kind: 'cooled',
  group: 'main',
  key_id: id,
  masked: '',
  why: '',
  rule: 'r',
  status: 429,
  upstream: null,
  model: null,
  until: null,
  request_id: null,
});
const ids = (...args: Parameters<typeof entriesOf>) => entriesOf(...args).map(({ id }) => id);

it('tells what was decided on keys between what people did', () => {
  const stream = [deed('late', 30), deed('early', 20)];
  const items = [verdict('d', 31), verdict('c', 26), verdict('b', 25), verdict('a', 15)];
  expect(ids({ stream, more: false }, { items, next_cursor: null })).toEqual([
    'vd',
    'late',
    'vb',
    'early',
    'va',
  ]);
  expect(ids({ stream, more: true }, { items, next_cursor: null })).toEqual([
    'vd',
    'late',
    'vb',
    'early',
  ]);
});

it('says where older verdicts are left out, and goes on with what people did', () => {
  const stream = [deed('late', 30), deed('early', 20)];
  const items = [verdict('b', 31), verdict('a', 29)];
  expect(ids({ stream, more: true }, { items, next_cursor: 'x' })).toEqual([
    'vb',
    'late',
    'va',
    'cut',
    'early',
  ]);
  expect(ids({ stream: [], more: false }, { items: [], next_cursor: null })).toEqual([]);
});
