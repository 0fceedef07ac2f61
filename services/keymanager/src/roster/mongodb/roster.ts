import type { MongoEventStore } from '@keymux/event-store';
import type { Clock } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { MongoOutcomeArchive } from '../../outcome-archive/mongodb/outcome-archive.ts';
import type { TaskCollection } from '../../tasks/mongodb/task-document.ts';
import { rebuildRoster } from '../rebuild.ts';
import type { Roster } from '../roster.ts';
import type { KeyCollections } from './collections.ts';
import { createKeyList } from './key-list.ts';
import { createKeySearch } from './key-search.ts';
import { createKeys } from './keys.ts';
import { createLedger } from './ledger.ts';
import { createPoolReader } from './pool-reader.ts';
import { createPools } from './pools.ts';
import type { Projector } from './projector.ts';
import { createRosterPlaces } from './rebuild.ts';
import { createVerdicts } from './verdicts.ts';

/** The roster in a MongoDB database that it shares with the event store and the tasks. */
export function createMongoRoster(deps: {
  readonly store: MongoEventStore;
  readonly collections: KeyCollections;
  readonly tasks: TaskCollection;
  readonly projector: Projector;
  readonly archive: MongoOutcomeArchive;
  readonly vault: Vault;
  readonly clock: Clock;
}): Roster {
  const { store, collections, tasks, projector, archive, vault, clock } = deps;
  const pools = createPools(collections);
  const places = createRosterPlaces({ log: store.log, collections, pools, projector });
  return {
    keys: createKeys(collections),
    pools,
    ledger: createLedger({ log: store.log, collections, tasks, projector, archive }),
    list: createKeyList(collections, clock),
    search: createKeySearch(collections, vault),
    reader: createPoolReader(collections, pools, clock),
    verdicts: createVerdicts(collections.verdicts),
    foldedThrough: async () => {
      const { commits } = store.log;
      const projection = { size: 1 };
      // In this order: what was pending and is not any more is folded in by now.
      const last = await commits.find({}, { projection }).sort({ _id: -1 }).limit(1).next();
      if (last === null) return 0;
      const pending = await commits
        .find({ pending: true }, { projection })
        .sort({ _id: 1 })
        .limit(1)
        .next();
      return Math.min(last._id + last.size, pending?._id ?? Number.MAX_SAFE_INTEGER) - 1;
    },
    rebuild: (watch) => rebuildRoster(store, places, watch),
  };
}
