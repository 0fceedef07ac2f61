import type { Logger } from '@keymux/service';
import type { Db } from 'mongodb';
import type { OpenLogStore } from './log-store.ts';
import { MongoLogStore } from './mongodb/mongodb-log-store.ts';
import { startThread } from './thread/start-thread.ts';
import { ThreadedLogStore } from './thread/threaded-log-store.ts';

/** Where request logs are kept: in files, or in a database whose connection is its owner's. */
export type LogPlace =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'mongodb'; readonly db: Db };

/** The store of a place; not open yet. */
export function createLogStore(place: LogPlace, { log }: { readonly log: Logger }): OpenLogStore {
  switch (place.kind) {
    case 'directory': {
      const boot = { directory: place.path };
      return new ThreadedLogStore({ log, startThread: () => startThread(boot) });
    }
    case 'mongodb':
      return new MongoLogStore({ db: place.db, log });
    default:
      return place satisfies never;
  }
}
