import type { KeyFilter } from './key-filter.ts';
import type { ListedKey } from './keys.ts';

/** What a list of keys is ordered by; keys that are alike stay in the order of their import. */
export type KeyOrder = 'created_at' | 'last_used_at' | 'requests' | 'failures';

/** Where the next page begins: after the key with this value and number. */
export interface ListPosition {
  readonly value: number;
  readonly seq: number;
}

export interface ListRequest {
  readonly poolId: number;
  readonly filter: KeyFilter;
  readonly order: KeyOrder;
  readonly direction: 'ascending' | 'descending';
  readonly after: ListPosition | null;
  readonly limit: number;
}

/** The keys of a pool in pages. */
export interface KeyList {
  page(request: ListRequest): Promise<{ keys: ListedKey[]; next: ListPosition | null }>;
  count(poolId: number, filter: KeyFilter): Promise<number>;
  /** The number of the newest key of a pool; 0 for none. */
  lastSeq(poolId: number): Promise<number>;
}
