import { expect, it } from 'vitest';
import { troublesOf } from './troubles.ts';

const nowMs = Date.UTC(2026, 10, 25, 8, 30);
const ago = (minutes: number): string => new Date(nowMs - minutes * 60_000).toISOString();

type Rows = Parameters<typeof troublesOf>[0];
const row = (group: string, minutes: number, upstream = 'https://u'): Rows['failed'][number] => ({
  ...({} as Rows['failed'][number]),
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
  const failed = [row('a', 1), row('a', 2), row('a', 9), row('b', 1), row('b', 2), row('b', 11)];
  expect(troublesOf({ failed, guards: [] }, nowMs)).toEqual([
    { kind: 'failing-upstream', group: 'a', upstream: 'https://u', n: 3 },
  ]);
});

it('names upstreams that a guard blamed lately, with how many keys it spared', () => {
  // One of them twice: it failed, was spared, and failed again.
  const guards = [spared('a', 1), spared('a', 1, 'l'), spared('a', 2), spared('b', 60)];
  expect(troublesOf({ failed: [], guards }, nowMs)).toEqual([
    { kind: 'guard', group: 'a', upstream: 'https://u', n: 2 },
  ]);
});
