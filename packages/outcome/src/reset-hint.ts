import type { HeaderFacts } from './attempt-outcome.ts';
import { bodyResetMs } from './body-reset.ts';
import { momentOf, numberOf } from './moment.ts';

const longestMs = 7 * 86_400_000;

/**
 * When an answer says that its limit ends, epoch ms; null when it does not say. The latest of all
 * hints in headers and body, at most 7 days from now; what lies in the past is no hint.
 */
export function resetHint(answer: {
  readonly headers: HeaderFacts;
  readonly bodyText: string;
  readonly nowMs: number;
}): number | null {
  const { headers, bodyText, nowMs } = answer;
  const hints = [
    millisecondsFrom(headers['retry-after-ms'], nowMs),
    momentOf(headers['retry-after'], nowMs),
    ...bucketResets(headers, nowMs),
    ...bodyResetMs(bodyText, nowMs),
  ].filter((each) => each !== null && each >= nowMs);
  if (hints.length === 0) return null;
  return Math.min(Math.max(...hints.map(Number)), nowMs + longestMs);
}

interface Bucket {
  readonly resetMs: number | null;
  readonly remaining: number | null;
  readonly limit: number | null;
}

/**
 * A 429 for requests must not wait for the tokens: where the answer says what remains, only
 * exhausted buckets count. When none is (the request asked for more tokens than were left), it is
 * the one nearest to its end.
 */
function bucketResets(headers: HeaderFacts, nowMs: number): (number | null)[] {
  const buckets = bucketsOf(headers, nowMs).filter((each) => each.resetMs !== null);
  const spent = buckets.filter((each) => each.remaining === null || each.remaining <= 0);
  if (spent.length > 0) return spent.map((each) => each.resetMs);
  const [nearest] = buckets.toSorted((a, b) => share(a) - share(b));
  return nearest === undefined ? [] : [nearest.resetMs];
}

function share({ remaining, limit }: Bucket): number {
  return limit === null || limit <= 0 ? 1 : (remaining ?? 0) / limit;
}

/** `x-ratelimit-reset-requests` and its like; `anthropic-ratelimit-tokens-reset` and its like. */
function bucketsOf(headers: HeaderFacts, nowMs: number): Bucket[] {
  const buckets: Bucket[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const named = /^(x-ratelimit-)reset(.*)$|^(anthropic-ratelimit-.*)reset$/.exec(name);
    if (named === null) continue;
    const [, prefix, suffix, anthropicPrefix] = named;
    const sibling = (part: string): number | null =>
      numberOf(headers[`${prefix ?? anthropicPrefix ?? ''}${part}${suffix ?? ''}`]);
    buckets.push({
      resetMs: momentOf(value, nowMs),
      remaining: sibling('remaining'),
      limit: sibling('limit'),
    });
  }
  return buckets;
}

function millisecondsFrom(value: string | undefined, nowMs: number): number | null {
  const milliseconds = numberOf(value);
  return milliseconds === null ? null : nowMs + milliseconds;
}
