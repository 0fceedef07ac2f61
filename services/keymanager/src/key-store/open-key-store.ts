import { createSqliteEventStore, eventStoreMigrations } from '@keymux/event-store';
import { nameMongo } from '@keymux/mongodb';
import {
  type Clock,
  type Environment,
  type Logger,
  openStore,
  type Service,
} from '@keymux/service';
import type { Vault } from '@keymux/vault';
import { keymanagerMigrations } from '../roster/sqlite/tables.ts';
import type { KeyStore } from './key-store.ts';
import { createMongoKeyStore } from './mongodb.ts';
import { createSqliteKeyStore } from './sqlite.ts';

/** The key store that the environment names, and the part that opens and closes its database; refuses the start where that cannot be. */
export function openKeyStore({
  environment,
  vault,
  clock,
  log,
}: {
  readonly environment: Pick<Environment, 'mongodbUrl' | 'databasePath' | 'dataDir'>;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
}): { readonly keyStore: KeyStore; readonly part: Service } {
  const { mongodbUrl: url, databasePath, dataDir } = environment;
  if (url === undefined) {
    const { db, part } = openStore(databasePath, [
      ...eventStoreMigrations,
      ...keymanagerMigrations,
    ]);
    const events = createSqliteEventStore(db);
    return { keyStore: createSqliteKeyStore({ db, events, vault, clock, dataDir }), part };
  }
  const { db, service } = nameMongo(url, log);
  return { keyStore: createMongoKeyStore({ db, vault, clock, log }), part: service };
}
