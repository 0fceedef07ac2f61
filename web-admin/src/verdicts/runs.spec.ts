import { expect, it } from 'vitest';
import { runsOf, type Verdict } from './runs.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 25, 8, minute)).toISOString();
const verdict = (id: string, minute: number, more: Partial<Verdict> = {}): Verdict => ({
  id,
  time: at(minute),
  kind: 'cooled',
  group: 'main',
  key_id: `key of ${id}`,
  masked: 'sk-…',
  why: '',
  rule: 'rate_limited',
  status: 429,
  upstream: 'https://u',
  model: null,
  until: null,
  request_id: null,
  ...more,
});
const ids = (runs: ReturnType<typeof runsOf>) =>
  runs.map(({ verdicts }) => verdicts.map(({ id }) => id).join(''));

it('tells what is alike and close together once, though other verdicts came between', () => {
  const out = { kind: 'blacklisted', rule: 'billing', status: 402 } as const;
  const verdicts = [verdict('e', 9), verdict('d', 8, out), verdict('c', 7), verdict('b', 6, out)];
  const runs = runsOf(verdicts);
  expect(ids(runs)).toEqual(['ec', 'db']);
  expect(runs[0]).toMatchObject({ id: 'c', time: at(9), newest: { id: 'e' } });
});

it('keeps apart what is of another group, another reason, or long ago', () => {
  const verdicts = [
    verdict('d', 30),
    verdict('c', 29, { group: 'spare' }),
    verdict('b', 28, { status: 529 }),
    verdict('a', 19),
  ];
  expect(ids(runsOf(verdicts))).toEqual(['d', 'c', 'b', 'a']);
});

it('counts a key once, however often it came back and failed again', () => {
  const again = { key_id: 'key of a' };
  const [run] = runsOf([
    verdict('d', 9, again),
    verdict('c', 8),
    verdict('b', 7, again),
    verdict('a', 6),
  ]);
  expect(run).toMatchObject({ keys: 2, verdicts: { length: 4 } });
});

it('never reaches over what somebody did meanwhile', () => {
  const verdicts = [verdict('c', 9), verdict('b', 8), verdict('a', 7)];
  expect(ids(runsOf(verdicts, [at(8)]))).toEqual(['c', 'ba']);
  expect(ids(runsOf(verdicts, [at(3), at(12)]))).toEqual(['cba']);
});
