import { numberOf } from '@keymux/outcome';

/** What an answer said about one limit. */
export interface Bucket {
  readonly remaining: number;
  readonly limit: number | null;
  /** As the provider writes it, counted from the moment of the reading. */
  readonly reset: string | null;
}

/** What an answer said about the limits of its key and model; of several of a kind the scarcest. */
export interface Reading {
  readonly atMs: number;
  readonly requests: Bucket | null;
  readonly tokens: Bucket | null;
}

type Kind = 'requests' | 'tokens';

interface Names {
  readonly kind: Kind;
  readonly remaining: string;
  readonly limit: string;
  readonly reset: string;
}

const suffixed = (kind: Kind, suffix: string): Names => ({
  kind,
  remaining: `x-ratelimit-remaining${suffix}`,
  limit: `x-ratelimit-limit${suffix}`,
  reset: `x-ratelimit-reset${suffix}`,
});
const infixed = (kind: Kind, name: string): Names => ({
  kind,
  remaining: `anthropic-ratelimit-${name}-remaining`,
  limit: `anthropic-ratelimit-${name}-limit`,
  reset: `anthropic-ratelimit-${name}-reset`,
});

/**
 * https://platform.openai.com/docs/guides/rate-limits (also Azure, Groq and others; by the minute and
 * day: Cerebras; without a kind: OpenRouter), https://docs.anthropic.com/en/api/rate-limits. Gemini's
 * own format has none.
 */
const known: readonly Names[] = [
  suffixed('requests', '-requests'),
  suffixed('tokens', '-tokens'),
  suffixed('requests', ''),
  suffixed('requests', '-project-requests'),
  suffixed('tokens', '-project-tokens'),
  suffixed('requests', '-requests-minute'),
  suffixed('requests', '-requests-day'),
  suffixed('tokens', '-tokens-minute'),
  suffixed('tokens', '-tokens-day'),
  infixed('requests', 'requests'),
  infixed('tokens', 'tokens'),
  infixed('tokens', 'input-tokens'),
  infixed('tokens', 'output-tokens'),
];
const byRemaining: ReadonlyMap<string, Names> = new Map(
  known.map((each) => [each.remaining, each]),
);

/** Reads headers (lower-case names and values in turn); null when they say nothing of what remains. */
export function readHeadroom(rateLimits: readonly string[], atMs: number): Reading | null {
  let requests: Bucket | null = null;
  let tokens: Bucket | null = null;
  for (let at = 0; at + 1 < rateLimits.length; at += 2) {
    const names = byRemaining.get(rateLimits[at] ?? '');
    if (names === undefined) continue;
    const remaining = numberOf(rateLimits[at + 1]);
    if (remaining === null) continue;
    const limit = numberOf(valueOf(rateLimits, names.limit));
    const bucket = { remaining, limit, reset: valueOf(rateLimits, names.reset) ?? null };
    if (names.kind === 'requests') requests = scarcer(requests, bucket);
    else tokens = scarcer(tokens, bucket);
  }
  return requests === null && tokens === null ? null : { atMs, requests, tokens };
}

function valueOf(rateLimits: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < rateLimits.length; at += 2) {
    if (rateLimits[at] === name) return rateLimits[at + 1];
  }
  return undefined;
}

function scarcer(one: Bucket | null, other: Bucket): Bucket {
  return one === null || share(other) < share(one) ? other : one;
}

function share({ remaining, limit }: Bucket): number {
  if (limit === null || limit <= 0) return remaining > 0 ? 1 : 0;
  return remaining / limit;
}
