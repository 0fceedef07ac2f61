/** Counts by bucket; buckets grow by an eighth of a power of two, so a percentile is within 9 %. */
export type Histogram = Record<string, number>;

const bucketsPerDoubling = 8;

/** The bucket of a time, ms. */
export function bucketOf(ms: number): number {
  return Math.round(Math.log2(Math.max(0, ms) + 1) * bucketsPerDoubling);
}

/** Counts one observation, ms. */
export function observe(histogram: Histogram, ms: number): void {
  const bucket = String(bucketOf(ms));
  histogram[bucket] = (histogram[bucket] ?? 0) + 1;
}

/** Adds the counts of one histogram to another. */
export function merge(into: Histogram, from: Histogram): void {
  for (const [bucket, count] of Object.entries(from)) into[bucket] = (into[bucket] ?? 0) + count;
}

/** The value below which a share of the observations lies, ms; null without any. */
export function percentile(histogram: Histogram, share: number): number | null {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]): [number, number] => [Number(bucket), count])
    .toSorted(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= share * total) return Math.round(2 ** (bucket / bucketsPerDoubling) - 1);
  }
  return null;
}
