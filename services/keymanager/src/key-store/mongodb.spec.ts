import type { KeyStateChanged } from '@keymux/contracts';
import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import { keyCollections } from '../roster/mongodb/collections.ts';
import { keyStoreConformance } from './conformance/conformance.ts';
import { testClock, testVault } from './conformance/tested.ts';
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
    spoil: async ({ unreadable, disabled, ahead, lost, stray }) => {
      const { keys } = keyCollections(db);
      await keys.updateOne({ _id: unreadable }, { $set: { condition: '{' } });
      await keys.updateOne({ _id: disabled }, { $set: { status: 'disabled' } });
      await keys.updateOne({ _id: ahead }, { $set: { note: 'no', version: 99 } });
      const found = await keys.findOneAndDelete({ _id: lost });
      if (found !== null) await keys.insertOne({ ...found, _id: stray });
    },
    close: async () => {
      await store.stop();
      await db.dropDatabase();
      await mongo.close();
      await part.stop();
    },
  };
});
