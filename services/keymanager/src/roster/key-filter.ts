import type { KeyStatus } from '@keymux/contracts';

/** Which keys of a pool are meant; all conditions hold together. */
export interface KeyFilter {
  readonly status?: KeyStatus;
  /** The rule of the failure that the state comes from. */
  readonly rule?: string;
  /** When that failure was, epoch ms, both inclusive. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** By number: what a search found. */
  readonly seqs?: readonly number[];
  readonly ids?: readonly string[];
  readonly fingerprints?: readonly string[];
  /** Only keys imported up to this one: a task does not chase those that come while it runs. */
  readonly upToSeq?: number;
}
