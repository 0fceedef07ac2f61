import { isMongoAway } from '@keymux/mongodb';
import { sqliteErrorCode } from '@keymux/service';
import { TooManyConflicts } from './event-store.ts';

/**
 * True for a store that cannot write now (a full disk, a lock, a server that is away, others that
 * were always first): to be tried until it can.
 */
export function isStoreAway(error: unknown): boolean {
  return (
    sqliteErrorCode(error) !== undefined || isMongoAway(error) || error instanceof TooManyConflicts
  );
}
