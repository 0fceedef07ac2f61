import type { KeyView, LogRow } from '@keymux/contracts';
import { expect, it } from 'vitest';
import { tagHeader } from '../clients/load.ts';
import type { Hit } from '../provider-simulator/hit.ts';
import { reconcile } from './reconcile.ts';

const hit = (tag: string, key: string) =>
  ({ headers: { [tagHeader]: tag }, key }) as unknown as Hit;
const row = (requestId: string, attempts: number) =>
  ({ request_id: requestId, attempts: Array.from({ length: attempts }) }) as LogRow;
const keyOf = (requests: number, failures: number) =>
  ({ masked: 'sk-…', requests, failures }) as KeyView;
const answered = (tag: string, requestId: string) => ({
  status: 200,
  requestId,
  failure: '',
  tag,
});

/** Two requests, of which the second was refused once; a third that was cut off. */
function accounts() {
  const bad = hit('t-2', 'k1');
  return {
    results: [
      answered('t-1', 'r1'),
      answered('t-2', 'r2'),
      { status: 0, requestId: '', failure: 'reset', tag: 't-3' },
    ],
    hits: [hit('t-1', 'k1'), bad, hit('t-2', 'k2'), hit('t-3', 'k2')],
    refused: new Set([bad]),
    rows: [row('r1', 1), row('r2', 2)],
    keys: new Map([
      ['k1', keyOf(2, 1)],
      ['k2', keyOf(1, 0)],
    ]),
  };
}

it('finds nothing where all agree, whatever became of what was cut off', () => {
  expect(reconcile(accounts())).toEqual([]);
  const counted = accounts();
  counted.keys.set('k2', keyOf(2, 0));
  expect(reconcile({ ...counted, rows: [...counted.rows, row('r3', 1)] })).toEqual([]);
});

it('finds a row that is missing, is there twice, or is nobody’s', () => {
  const { rows, ...rest } = accounts();
  expect(reconcile({ ...rest, rows: rows.slice(1) })).toHaveLength(1);
  expect(reconcile({ ...rest, rows: [...rows, row('r1', 1)] })).toHaveLength(1);
  expect(reconcile({ ...rest, rows: [...rows, row('r8', 1), row('r9', 1)] })).toHaveLength(1);
});

it('finds an attempt that no row tells of', () => {
  const { rows: _rows, ...rest } = accounts();
  expect(reconcile({ ...rest, rows: [row('r1', 1), row('r2', 1)] })).toHaveLength(1);
});

it.each([
  ['a request too few', keyOf(1, 1)],
  ['a request too many', keyOf(3, 1)],
  ['a failure too few', keyOf(2, 0)],
  ['a failure too many', keyOf(2, 2)],
])('finds %s', (_what, wrong) => {
  const all = accounts();
  all.keys.set('k1', wrong);
  expect(reconcile(all)).toHaveLength(1);
});
