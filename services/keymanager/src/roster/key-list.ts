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

/**
 * A page of the keys of a pool in the order of their import, from behind a number on (0: from the first one);
 * `next` is the number to go on behind, null at the end.
 */
export async function keysInOrder(
  list: Pick<KeyList, 'page'>,
  request: Omit<ListRequest, 'order' | 'direction' | 'after'> & { readonly behindSeq: number },
): Promise<{ keys: ListedKey[]; next: number | null }> {
  const { behindSeq: seq, ...which } = request;
  const { keys, next } = await list.page({
    ...which,
    order: 'created_at',
    direction: 'ascending',
    after: seq === 0 ? null : { value: seq, seq },
  });
  return { keys, next: next?.seq ?? null };
}
