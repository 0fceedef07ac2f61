import type { LiveKey } from '../key/state.ts';
import type { Usage } from './usage.ts';

/** A key in the roster: its folded state and where it stands. */
export interface KeyRow {
  /** Grows with each import: the order of lists. */
  readonly seq: number;
  readonly id: string;
  readonly poolId: number;
  /** Of the last event that is folded in. */
  readonly version: number;
  readonly createdMs: number;
  readonly state: LiveKey;
}

export interface ListedKey extends KeyRow {
  readonly usage: Usage;
}

/** Keys one by one. */
export interface Keys {
  find(id: string): Promise<ListedKey | undefined>;
  /** Keys of all pools by number, from behind a number on. */
  after(seq: number, limit: number): Promise<KeyRow[]>;
  /** The ids of the keys of a pool with these fingerprints, by fingerprint; unknown ones are left out. */
  idsBySecret(poolId: number, fingerprints: readonly string[]): Promise<Map<string, string>>;
}
