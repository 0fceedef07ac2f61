import type { KeyStateChanged } from '@keymux/contracts';
import { createLogger } from '@keymux/service';
import { keyCollections } from '../roster/mongodb/collections.ts';
import { openScratchMongo } from '../scratch-mongo.fixture.ts';
import { keyStoreConformance } from './conformance/conformance.ts';
import { testClock, testVault } from './conformance/tested.ts';
import { createMongoKeyStore } from './mongodb.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });

keyStoreConformance('the MongoDB key store', async () => {
  const { db, close } = await openScratchMongo();
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
    spoilVerdict: async ({ lost, stray }) => {
      const { verdicts } = keyCollections(db);
      const found = await verdicts.findOneAndDelete({ _id: lost });
      if (found !== null) await verdicts.insertOne({ ...found, _id: stray });
    },
    close: async () => {
      await store.stop();
      await close();
    },
  };
});
