import { expect, it } from 'vitest';
import { unreadWarningOf } from './warnings.ts';

const nowMs = Date.UTC(2026, 10, 25, 8, 30);
const daysAgo = (days: number) => ({ time: new Date(nowMs - days * 86_400_000).toISOString() });

it('warns of messages that could not be read in the last week, with how many are kept', () => {
  const unread = { items: [daysAgo(1)], total: 12 };
  expect(unreadWarningOf(unread, nowMs)).toEqual([{ kind: 'unread', n: 12 }]);
});

it('is quiet about those that are long over, and where there are none', () => {
  expect(unreadWarningOf({ items: [daysAgo(8)], total: 12 }, nowMs)).toEqual([]);
  expect(unreadWarningOf({ items: [], total: 0 }, nowMs)).toEqual([]);
});
