import { nameMongo } from '@keymux/mongodb';
import { type Environment, type Logger, openStore, type Service } from '@keymux/service';
import type { EventStore } from './event-store.ts';
import { createMongoEventStore } from './mongodb/mongodb-event-store.ts';
import { createSqliteEventStore, eventStoreMigrations } from './sqlite/sqlite-event-store.ts';

/** The event store that the environment names, and the part that opens and closes it; refuses the start where that cannot be. */
export function openEventStore({
  environment,
  log,
}: {
  readonly environment: Pick<Environment, 'mongodbUrl' | 'databasePath'>;
  readonly log: Logger;
}): { readonly store: EventStore; readonly part: Service } {
  const { mongodbUrl: url, databasePath } = environment;
  if (url === undefined) {
    const { db, part } = openStore(databasePath, eventStoreMigrations);
    return { store: createSqliteEventStore(db), part };
  }
  const { db, service } = nameMongo(url, log);
  const store = createMongoEventStore(db);
  const start = async (stopping?: AbortSignal): Promise<void> => {
    await service.start(stopping);
    await store.log.prepare();
  };
  return { store, part: { ...service, start } };
}
