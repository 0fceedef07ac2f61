const baseMs = 100;
const longestMs = 2_000;

/** Full jitter (AWS Architecture Blog, Exponential Backoff And Jitter): 0 to 100·2ⁿ ms, at most 2 s. */
export function backoffMs(attempts: number, random: number): number {
  return Math.round(random * Math.min(longestMs, baseMs * 2 ** attempts));
}
