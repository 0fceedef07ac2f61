import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import { poolSnapshotsConformance } from '../conformance.ts';
import { createMongoPoolSnapshots } from './pool-snapshots.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });

poolSnapshotsConformance('snapshots of pools in MongoDB', async () => {
  const { part } = await startMongoDb();
  const mongo = await openMongo({ url: part.url, log });
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  const snapshots = createMongoPoolSnapshots(db);
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
