import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import { keySnapshotsConformance } from '../conformance.ts';
import { createMongoKeySnapshots } from './key-snapshots.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });

keySnapshotsConformance('snapshots in MongoDB', async () => {
  const { part } = await startMongoDb();
  const mongo = await openMongo({ url: part.url, log });
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  const snapshots = createMongoKeySnapshots(db);
  await snapshots.prepare();
  return {
    snapshots,
    close: async () => {
      await db.dropDatabase();
      await mongo.close();
      await part.stop();
    },
  };
});
