const unitMs: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};

/** Reads "6m0s", "1h2m3.5s", "20ms"; null when it is no duration. */
export function parseDurationMs(text: string): number | null {
  if (!/^(?:\d{1,12}(?:\.\d{1,12})?(?:ms|[dhms]))+$/.test(text)) return null;
  let sumMs = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|[dhms])/g)) {
    sumMs += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  }
  return sumMs;
}
