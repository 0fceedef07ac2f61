interface Point {
  readonly time: string;
  readonly value: number;
}

/** Both lines without the time before either had a key; one moment of it stays, to show the rise. */
export function sinceFirstKey(
  before: readonly Point[],
  after: readonly Point[],
): readonly [readonly Point[], readonly Point[]] {
  const first = before.findIndex(({ value }, at) => value > 0 || (after[at]?.value ?? 0) > 0);
  const start = Math.max(0, first - 1);
  return [before.slice(start), after.slice(start)];
}
