import { BusUnavailable } from '@keymux/bus';
import { isMongoAway } from '@keymux/mongodb';
import { LogStoreGone } from './log-store/thread/threaded-log-store.ts';

/** True for what passes by itself: a database or a bus that is away, a thread of the log store that is started anew. */
export function isPassing(error: unknown): boolean {
  return isMongoAway(error) || error instanceof LogStoreGone || error instanceof BusUnavailable;
}
