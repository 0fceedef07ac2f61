/** How guessing is slowed down; times in ms. */
export interface ThrottlePolicy {
  /** Wrong tries of one within this time are counted together. */
  readonly windowMs: number;
  /** Wrong tries that cost nothing. */
  readonly freeTries: number;
  /** The wait after them; it doubles with each further one. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Wrong tries of everybody in a window, after which everybody waits for the next window. */
  readonly freeTriesOfAll: number;
}

/** Slows down who guesses. */
export interface Throttle {
  /**
   * Tells of a try and how it came out, and how long `who` must wait, ms. Unless that is 0 the try counts for
   * nothing, even when it was right: nobody learns by guessing faster.
   */
  tried(who: string, result: 'right' | 'wrong'): Promise<number>;
}
