import { expect, it } from 'vitest';
import { freshCondition, type LiveKey, type Rest } from '../key/state.ts';
import { UsableKeys } from './usable-keys.ts';

const who = { group: 'g', sealed: '', fingerprint: '', masked: '', note: '' };
const cause = {
  rule: 'rate-limit',
  status: 429,
  message: '',
  upstream: 'u',
  model: null,
  request_id: null,
  threshold: 3,
  streak: 0,
  at_ms: 0,
};
const rest = (model: string | null, until_ms: number): Rest => ({ model, until_ms, cause });
const active = (...rests: Rest[]): LiveKey => ({ ...who, ...freshCondition, rests });
const blacklisted: LiveKey = {
  ...who,
  ...freshCondition,
  status: 'blacklisted',
  since_ms: 0,
  cause,
};
const begin = (others = 0, coming: number[] = []) =>
  new UsableKeys({ others, coming, fromMs: 0, sampleMs: 10 });

it('counts keys that are active and do not rest', () => {
  const keys = begin(2);
  keys.changed('a', active());
  keys.changed('b', blacklisted);
  expect(keys.usable).toBe(3);
  keys.changed('a', blacklisted);
  expect(keys.usable).toBe(2);
});

it('lets rests end in their order, and keys come in theirs', () => {
  const keys = begin(0, [30]);
  keys.changed('a', active(rest(null, 20)));
  keys.changed('b', active(rest(null, 5)));
  keys.advance(4);
  expect(keys.usable).toBe(0);
  keys.advance(5);
  expect(keys.usable).toBe(1);
  keys.advance(25);
  expect(keys.usable).toBe(2);
  keys.advance(30);
  expect(keys.usable).toBe(3);
  expect(keys.history.withoutMs).toBe(5);
  expect(keys.history.samples).toEqual([
    { atMs: 0, usable: 0 },
    { atMs: 10, usable: 1 },
    { atMs: 20, usable: 1 },
    { atMs: 30, usable: 2 },
  ]);
});

it('has time without a key once there was one, or somebody asked for one', () => {
  const later = begin(0, [50]);
  later.advance(60);
  expect(later.history.withoutMs).toBe(0);
  const asked = begin(0, [50]);
  asked.advance(20);
  asked.asked();
  asked.advance(60);
  expect(asked.history.withoutMs).toBe(30);
  const refused = begin();
  refused.advance(20);
  refused.changed('a', blacklisted);
  refused.advance(60);
  expect(refused.history.withoutMs).toBe(40);
});

it('knows that a key that rests for one model serves others', () => {
  const keys = begin();
  keys.changed('a', active(rest('m', 20)));
  keys.changed('b', active(rest('m', 40), rest(null, 10)));
  expect(keys.has('m')).toBe(false);
  expect(keys.has('n')).toBe(true);
  keys.advance(20);
  expect(keys.has('m')).toBe(true);
  keys.changed('a', blacklisted);
  expect(keys.has('m')).toBe(false);
  expect(keys.has('n')).toBe(true);
});

it('takes a rest that was prolonged as the longer one', () => {
  const keys = begin();
  keys.changed('a', active(rest(null, 10)));
  keys.changed('a', active(rest(null, 50)));
  keys.advance(20);
  expect(keys.usable).toBe(0);
  keys.advance(50);
  expect(keys.usable).toBe(1);
});
