import { expect, it } from 'vitest';
import { requestsLately, troublesOf } from './troubles.ts';

const nowMs = Date.UTC(2026, 10, 25, 8, 30);
const ago = (minutes: number): string => new Date(nowMs - minutes * 60_000).toISOString();

const none = { items: [], cut: false };
type Rows = Parameters<typeof troublesOf>[0];
const row = (
  group: string,
  minutes: number,
  upstream = 'https://u',
): Rows['failed']['items'][number] => ({
  ...({} as Rows['failed']['items'][number]),
  group,
  request_id: `${group} ${minutes}`,
  time: ago(minutes),
  attempts: [
    { key_id: 'a', key: '', upstream, status: 502, verdict: 'upstream', rule: 'bad', ms: 1 },
    {
      key_id: 'b',
      key: '',
      upstream: 'https://v',
      status: 401,
      verdict: 'count',
      rule: 'k',
      ms: 1,
    },
  ],
});
const spared = (group: string, minutes: number, key_id = 'k'): Rows['guards'][number] => ({
  ...({} as Rows['guards'][number]),
  kind: 'guard',
  group,
  key_id,
  time: ago(minutes),
  upstream: 'https://u',
});

it('names upstreams that failed several requests lately, by group', () => {
  const items = [row('a', 1), row('a', 2), row('a', 9), row('b', 1), row('b', 2), row('b', 11)];
  const requests = new Map([['a', 30]]);
  expect(troublesOf({ failed: { items, cut: false }, requests, guards: [] }, nowMs)).toEqual([
    { kind: 'failing-upstream', group: 'a', upstream: 'https://u', share: 0.1 },
  ]);
});

it('says nothing of a few failures among many requests', () => {
  const items = [row('a', 1), row('a', 2), row('a', 9)];
  const requests = new Map([['a', 1_000]]);
  expect(troublesOf({ failed: { items, cut: false }, requests, guards: [] }, nowMs)).toEqual([]);
});

it('reckons with those that were not told where there are more failures than were asked for', () => {
  // In two minutes of the ten: as many again four times.
  const items = [row('a', 0.5), row('a', 1), row('a', 2)];
  const requests = new Map([['a', 150]]);
  expect(troublesOf({ failed: { items, cut: true }, requests, guards: [] }, nowMs)).toEqual([
    { kind: 'failing-upstream', group: 'a', upstream: 'https://u', share: 0.1 },
  ]);
});

it('counts the requests of the last minutes only', () => {
  const points = [
    { time: ago(12), value: 500 },
    { time: ago(9), value: 7 },
    { time: ago(1), value: null },
    { time: ago(0), value: 5 },
  ];
  expect(requestsLately([{ name: 'a', points }], nowMs)).toEqual(new Map([['a', 12]]));
});

it('names upstreams that a guard blamed lately, with how many keys it spared', () => {
  // One of them twice: it failed, was spared, and failed again.
  const guards = [spared('a', 1), spared('a', 1, 'l'), spared('a', 2), spared('b', 60)];
  expect(troublesOf({ failed: none, requests: new Map(), guards }, nowMs)).toEqual([
    { kind: 'guard', group: 'a', upstream: 'https://u', n: 2 },
  ]);
});
