import type { KeyStateChanged } from '@keymux/contracts';
import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import { keyStoreConformance, testClock, testVault } from './conformance.ts';
import { createMongoKeyStore } from './mongodb.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });

keyStoreConformance('the MongoDB key store', async () => {
  const { part } = await startMongoDb();
  const mongo = await openMongo({ url: part.url, log });
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  const [vault, clock] = [testVault(), testClock()];
  const store = createMongoKeyStore({ db, vault, clock, log });
  const told: KeyStateChanged[] = [];
  store.roster.ledger.tell(async (messages) => void told.push(...messages));
  await store.start();
  return {
    store,
    vault,
    clock,
    told,
    close: async () => {
      await store.stop();
      await db.dropDatabase();
      await mongo.close();
      await part.stop();
    },
  };
});
