import { expect, test } from 'vitest';
import { Seats } from './seats.ts';

const those = (seats: Seats<string>): string[] => {
  const found: string[] = [];
  seats.forEach((who) => found.push(who));
  return found.toSorted();
};

test('who took a seat is there until they leave', () => {
  const seats = new Seats<string>();
  const [a, , c] = ['a', 'b', 'c'].map((who) => seats.take(who));
  expect(those(seats)).toEqual(['a', 'b', 'c']);
  if (a !== undefined) seats.leave(a);
  expect(those(seats)).toEqual(['b', 'c']);
  if (c !== undefined) seats.leave(c);
  expect(those(seats)).toEqual(['b']);
});

test('leaving twice takes nobody else away', () => {
  const seats = new Seats<string>();
  const a = seats.take('a');
  seats.take('b');
  seats.leave(a);
  seats.leave(a);
  seats.take('c');
  expect(those(seats)).toEqual(['b', 'c']);
});

test('all are visited though each leaves at its visit', () => {
  const seats = new Seats<number>();
  const mine = new Map([0, 1, 2, 3, 4].map((who) => [who, seats.take(who)]));
  const visited: number[] = [];
  seats.forEach((who) => {
    visited.push(who);
    const seat = mine.get(who);
    if (seat !== undefined) seats.leave(seat);
  });
  expect(visited.toSorted()).toEqual([0, 1, 2, 3, 4]);
  seats.forEach(() => visited.push(-1));
  expect(visited).toHaveLength(5);
});
