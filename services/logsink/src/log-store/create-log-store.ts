import type { Logger } from '@keymux/service';
import type { OpenLogStore } from './log-store.ts';
import { startThread } from './thread/start-thread.ts';
import { ThreadedLogStore } from './thread/threaded-log-store.ts';

/** Where request logs are kept. */
export type LogPlace = { readonly kind: 'directory'; readonly path: string };

/** The store of a place; not open yet. */
export function createLogStore(place: LogPlace, { log }: { readonly log: Logger }): OpenLogStore {
  const boot = { directory: place.path };
  return new ThreadedLogStore({ log, startThread: () => startThread(boot) });
}
