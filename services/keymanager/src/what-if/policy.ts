import type { ErrorRule } from '@keymux/contracts';
import type { GuardRules } from '@keymux/outcome';

/** The policy that outcomes are replayed under; null is as it was when each was heard. */
export interface ReplayPolicy {
  readonly threshold: number | null;
  readonly errorRules: readonly ErrorRule[] | null;
  /** Rest of a key after a 429 that does not say how long. */
  readonly usualRestMs: number | null;
  readonly maxRetries: number | null;
  readonly guard: GuardRules | 'off' | null;
}

/** The policy that really ran. */
export const asItRan: ReplayPolicy = {
  threshold: null,
  errorRules: null,
  usualRestMs: null,
  maxRetries: null,
  guard: null,
};
