import type { KeyStateChanged } from '@keymux/contracts';
import type { TaskRecord } from '../tasks/task-record.ts';
import type { ChangedKey, Origin, Unit } from './unit.ts';

/** A batch of outcomes of one producer for one group. */
export interface OutcomeBatch {
  readonly producer: string;
  readonly batch: number;
  readonly group: string;
  /** The producer will never send batches up to here again. */
  readonly acked_through: number;
}

/** What a write is about: all that its work may look at or change is read before the work runs. */
export interface Reach {
  /** Keys that the work decides on. */
  readonly keyIds?: readonly string[];
  /** The pool that keys are added to, and the fingerprints that they have or may be known by. */
  readonly adds?: { readonly poolId: number; readonly fingerprints: readonly string[] };
  /** The fingerprints that keys in reach are to get, by id. */
  readonly newFingerprints?: ReadonlyMap<string, string>;
  /** The batch that is handled by this write, and by no other. */
  readonly batch?: OutcomeBatch;
  /** The task whose step this is; it is written once, however many try. */
  readonly step?: TaskRecord;
}

export type Written<T> =
  | { readonly kind: 'written'; readonly result: T }
  /** The same cause was handled before: the batch, or an event of this id. Nothing was written. */
  | { readonly kind: 'duplicate'; readonly id: string }
  /** The task ended, its step was made elsewhere, or the pool's group is gone. Nothing was written. */
  | { readonly kind: 'stopped' };

/** Is told what gateways must hear, in the order of revisions, after it was written; resolves when it is out. */
export type Hear = (messages: readonly KeyStateChanged[]) => Promise<void>;

/** Writes events, roster, counters, a batch's mark and a task's progress together, or nothing of them. */
export interface Ledger {
  /**
   * Runs `work` on what it reaches: what it decides is kept, projected and told to gateways. May
   * run it again after a conflict, so it must not change what it closes over but through its result.
   */
  write<T>(reach: Reach, work: (unit: Unit) => T): Promise<Written<T>>;
  /** Takes the name from a pool whose group was deleted; a pool that is closed stays so. */
  closePool(poolId: number, origin: Origin & { readonly nowMs: number }): Promise<void>;
  /** Tells gateways of keys that were put right without an event. */
  announce(keys: readonly ChangedKey[]): Promise<void>;
  /** Names who hears what changed; before the first write. */
  tell(hear: Hear): void;
  /** Forgets counts per minute from before a moment (epoch ms). */
  prune(beforeMs: number): Promise<void>;
}

/** The result of a write that nothing can stop and whose events have new ids. */
export function onlyWritten<T>(written: Written<T>): T {
  if (written.kind === 'written') return written.result;
  throw new Error(
    written.kind === 'stopped'
      ? 'a write was stopped that belongs to no task'
      : `event ${written.id} was there before it was made`,
  );
}

/** What a step comes to whose write may be stopped: then the runner looks at the task again. */
export function stepOf<T>(written: Written<T>): T | 'more' {
  return written.kind === 'stopped' ? 'more' : onlyWritten(written);
}

/** The stream of a pool; of its keys each has its own. */
export const poolStream = (poolId: number): string => `pool-${poolId}`;

/** The event that ends a pool, in the stream of the pool: its group was deleted. */
export const poolClosed = 'PoolClosed';
