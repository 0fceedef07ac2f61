import type { KeyList } from './key-list.ts';
import type { Keys } from './keys.ts';
import type { Ledger } from './ledger.ts';
import type { PoolReader } from './pool-reader.ts';
import type { Pools } from './pools.ts';
import type { RebuildWatch, RebuiltKeys } from './rebuild.ts';
import type { Verdicts } from './verdicts.ts';

/** The numbers of the keys of a pool that a text means: by the full key, its end, its id or its note. */
export type SearchKeys = (poolId: number, text: string) => Promise<number[]>;

/** All that is known of keys now: what is read directly, and the ledger through which it changes. */
export interface Roster {
  readonly keys: Keys;
  readonly pools: Pools;
  readonly ledger: Ledger;
  readonly list: KeyList;
  readonly search: SearchKeys;
  readonly reader: PoolReader;
  readonly verdicts: Verdicts;
  /** The position up to which all events are folded into the keys; some of later ones may be, too. */
  foldedThrough(): Promise<number>;
  /**
   * Makes the keys and verdicts anew from the events while others read and write: each is there as it was or as
   * it is to be. Counters, marks and pool revisions stay as they are. Undefined when it was ended early.
   */
  rebuild(watch?: RebuildWatch): Promise<RebuiltKeys | undefined>;
}
