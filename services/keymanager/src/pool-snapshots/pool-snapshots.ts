/** Names the keys of a pool as they were folded from all events up to a position. */
export interface PoolSnapshot {
  readonly group: string;
  readonly position: number;
  /** No event that is folded in was after this moment, epoch ms. */
  readonly throughMs: number;
}

/** Spares a reader of a pool's past most events. Only a cache: without it answers are the same. */
export interface PoolSnapshots {
  /** The newest of a group with nothing folded in that was after a moment (epoch ms). */
  latest(group: string, atMs: number): Promise<PoolSnapshot | undefined>;
  /** Its parts, as they were put. */
  parts(snapshot: PoolSnapshot): AsyncIterable<Uint8Array>;
  /** Keeps one; it is there when all its parts are. At least one part. */
  put(snapshot: PoolSnapshot, parts: readonly Uint8Array[]): Promise<void>;
  /** The positions of those of a group, in ascending order. */
  positions(group: string): Promise<number[]>;
  /** Forgets one. */
  remove(group: string, position: number): Promise<void>;
  /** Forgets all of them. */
  clear(): Promise<void>;
}
