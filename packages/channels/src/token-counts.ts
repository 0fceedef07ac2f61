/** Tokens of one answer, as the provider counts them; null where it does not say. */
export interface TokenCounts {
  readonly input: number | null;
  readonly output: number | null;
  /** Part of the prompt that came from the provider's cache. */
  readonly cached: number | null;
  readonly reasoning: number | null;
}

/** No count known. */
export const noTokens: TokenCounts = { input: null, output: null, cached: null, reasoning: null };

/**
 * Later counts replace earlier ones, field by field. Counts in a stream only grow, so a late zero
 * is a server that leaves out what it said before.
 */
export function mergeTokens(earlier: TokenCounts, later: TokenCounts): TokenCounts {
  return {
    input: later.input || (earlier.input ?? later.input),
    output: later.output || (earlier.output ?? later.output),
    cached: later.cached || (earlier.cached ?? later.cached),
    reasoning: later.reasoning || (earlier.reasoning ?? later.reasoning),
  };
}

/** The counts, or null when there is none at all. */
export function anyTokens(counts: TokenCounts): TokenCounts | null {
  const { input, output, cached, reasoning } = counts;
  return input === null && output === null && cached === null && reasoning === null ? null : counts;
}
