import type { PoolKey } from '@keymux/contracts';

/** A key of the pool as this gateway sees it. */
export interface RingKey {
  readonly id: string;
  readonly slot: number;
  readonly masked: string;
  /**
   * `masked` as JSON in ASCII: one ellipsis, and V8 keeps the log row, and every batch that it is copied into, in two
   * bytes a character.
   */
  readonly maskedJson: string;
  /** The secret, once it was opened. */
  readonly secret: string | undefined;
  /** The secret; `opened` gives it for its seal when nobody asked for it before. */
  open(opened: (sealed: string) => string): string;
  readonly state: PoolKey['state'];
  readonly version: number;
  /** Consecutive failures: keymanager's count, advanced by what happened here since. */
  readonly streak: number;
  /** Requests that went out from here and have no answer yet. */
  unanswered: number;
}
