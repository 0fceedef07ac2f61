/** What requests did with a key. */
export interface Usage {
  readonly requests: number;
  readonly failures: number;
  /** Epoch ms; 0 for never. */
  readonly lastUsedMs: number;
}

export const noUsage: Usage = { requests: 0, failures: 0, lastUsedMs: 0 };
