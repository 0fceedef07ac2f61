import { expect, it } from 'vitest';
import { drawnPoints } from './chart-points.ts';

const points = (...values: (number | null)[]) =>
  values.map((value, at) => ({ time: String(at), value }));

it('draws lines between neighbours, and gaps where nothing was', () => {
  expect(drawnPoints(points(1, 2, null))).toEqual([
    ['0', 1],
    ['1', 2],
    ['2', '-'],
  ]);
});

it('draws a dot where a point has no neighbour: the first request of a new house is seen', () => {
  const dot = { value: ['2', 7], symbol: 'circle', symbolSize: 5 };
  expect(drawnPoints(points(null, null, 7))).toEqual([['0', '-'], ['1', '-'], dot]);
});
