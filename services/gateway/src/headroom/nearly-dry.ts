import { momentOf } from '@keymux/outcome';
import type { Bucket, Reading } from './reading.ts';

/** What is left for those who use the key elsewhere, of all requests. */
const requestReserve = 0.02;
/** Less than this share of all tokens may be too little for the next request. */
const tokenReserve = 0.05;
/** Of a limit that does not say when it ends. */
const unknownMs = 60_000;
/** No reset is believed for longer. */
const longestMs = 86_400_000;

/**
 * Until when a key should be spared, epoch ms; null when it has room for another request. `unanswered`
 * are requests that the reading may not count yet. Pure.
 */
export function nearlyDryUntilMs(
  reading: Reading,
  { unanswered, nowMs }: { readonly unanswered: number; readonly nowMs: number },
): number | null {
  const { requests, tokens, atMs } = reading;
  let untilMs: number | null = null;
  if (requests !== null && requests.remaining - unanswered <= reserve(requests, requestReserve)) {
    untilMs = resetMs(requests, atMs);
  }
  if (tokens !== null && tokens.remaining <= reserve(tokens, tokenReserve)) {
    untilMs = Math.max(untilMs ?? 0, resetMs(tokens, atMs));
  }
  return untilMs === null || untilMs <= nowMs ? null : Math.min(untilMs, nowMs + longestMs);
}

/** When a bucket is full again, epoch ms. */
export function resetMs({ reset }: Bucket, atMs: number): number {
  return momentOf(reset ?? undefined, atMs) ?? atMs + unknownMs;
}

function reserve({ limit }: Bucket, share: number): number {
  return limit === null ? 0 : Math.floor(limit * share);
}
