import type { Pool } from '../roster/pools.ts';
import type { Usage } from '../roster/usage.ts';

/** What requests did with a key. */
export interface KeyUsage extends Usage {
  readonly id: string;
}

/** What of the keys no event tells, for a move to another store. */
export interface Goods {
  /** All pools, closed ones too, by id. */
  pools(): Promise<Pool[]>;
  /** Puts pools where there are none; may be repeated. */
  putPools(pools: readonly Pool[]): Promise<void>;
  /** Keys by number, with what requests did with them. */
  usage(afterSeq: number, limit: number): Promise<{ items: KeyUsage[]; next: number | null }>;
  /** Sets what requests did with keys; may be repeated. */
  putUsage(items: readonly KeyUsage[]): Promise<void>;
}
