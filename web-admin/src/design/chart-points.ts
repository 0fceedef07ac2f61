/** A point of a line as the chart library takes it. */
export type DrawnPoint =
  | [time: string, value: number | '-']
  | {
      value: [time: string, value: number];
      symbol: 'circle';
      symbolSize: number;
    };

const dotPx = 5;

/** Points of a line; one without a neighbour makes no line, so it is a dot. */
export function drawnPoints(
  points: readonly { readonly time: string; readonly value: number | null }[],
): DrawnPoint[] {
  const known = (at: number): boolean => (points[at]?.value ?? null) !== null;
  return points.map(({ time, value }, at) => {
    if (value === null) return [time, '-'];
    return known(at - 1) || known(at + 1)
      ? [time, value]
      : { value: [time, value], symbol: 'circle', symbolSize: dotPx };
  });
}
