import { createNats } from '@keymux/bus';
import { createSqliteEventStore, eventStoreMigrations } from '@keymux/event-store';
import {
  beginProcess,
  createAdminAuth,
  needVariable,
  openStore,
  runApart,
  sessionTtlMs,
  systemClock as clock,
} from '@keymux/service';
import { createVault } from '@keymux/vault';
import { createKeymanager, createSqliteKeyStore, keymanagerMigrations } from './service.ts';

const { environment, log } = beginProcess('keymanager');
const { natsReplicas: replicas, dataDir } = environment;
const authKey = needVariable('AUTH_KEY', environment.authKey);
const vault = createVault(needVariable('ENCRYPTION_KEY', environment.encryptionKey));
const url = needVariable('NATS_URL', environment.natsUrl);
const auth = createAdminAuth({ authKey, clock, sessionTtlMs });
const nats = createNats({ url, replicas, name: 'keymanager', clock, log });
const store = openStore(environment.databasePath, [
  ...eventStoreMigrations,
  ...keymanagerMigrations,
]);
const events = createSqliteEventStore(store.db);
const keymanager = createKeymanager({
  bus: nats.bus,
  calls: nats.calls,
  keyStore: createSqliteKeyStore({ db: store.db, events, vault, clock, dataDir }),
  vault,
  auth,
  log,
  clock,
});
await runApart(keymanager, { environment, log, auth, nats, parts: [store.part] });
