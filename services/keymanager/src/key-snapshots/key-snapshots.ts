/** The folded state of a key after one of its events, as text without its secret. */
export interface KeySnapshot {
  readonly id: string;
  /** Of the last event that is folded in. */
  readonly version: number;
  /** The latest time of the events that are folded in, epoch ms. */
  readonly throughMs: number;
  readonly text: string;
}

/** Spares a reader of the past most events of a long life. Only a cache: without it answers are the same. */
export interface KeySnapshots {
  /** The newest of a key with nothing folded in that was after a moment (epoch ms). */
  latest(id: string, atMs: number): Promise<KeySnapshot | undefined>;
  /** Keeps snapshots; one of the same version takes the place of the former. */
  put(snapshots: readonly KeySnapshot[]): Promise<void>;
  /** Forgets all of them. */
  clear(): Promise<void>;
}
