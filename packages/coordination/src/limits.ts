/** How much of one name may be used; 0 is no limit. */
export interface Allowance {
  /** In any window of one minute. */
  readonly perMinute: number;
  /** At the same time. */
  readonly atOnce: number;
}

export interface UseRequest {
  /** Names of one space are counted in one place. */
  readonly space: string;
  /** In the order in which they are wanted. */
  readonly names: readonly string[];
  readonly allowance: Allowance;
  /** Tells this use from every other. */
  readonly use: string;
}

/** A name that is at its limit: of the minute, for a known time, or of uses at the same time. */
export type Refusal =
  | { readonly name: string; readonly why: 'per-minute'; readonly waitMs: number }
  | { readonly name: string; readonly why: 'at-once' };

export interface UseAnswer {
  /** The first name that was under its limits, which is counted now; null when none was. */
  readonly granted: string | null;
  /** The names before it. */
  readonly refused: readonly Refusal[];
}

/** A use that goes on, of a name with a limit of uses at the same time. */
export interface RunningUse {
  readonly space: string;
  readonly name: string;
  readonly use: string;
}

/** Counts uses of names against their limits, exactly, over all instances. */
export interface Limits {
  take(request: UseRequest): Promise<UseAnswer>;
  /** Says that uses go on. One that nobody speaks of for the time of a slot counts as ended. */
  keep(uses: readonly RunningUse[]): Promise<void>;
  /** Says that a use ended. */
  end(use: RunningUse): Promise<void>;
}

/** The window of the limits, ms. */
export const windowMs = 60_000;
/** How long a use counts as running after it was last spoken of, ms. */
export const slotTtlMs = 30_000;

/** The times of limits; only tests have others than the defaults. */
export interface LimitTimes {
  readonly windowMs?: number;
  readonly slotTtlMs?: number;
}
