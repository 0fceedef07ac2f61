import { openScratchMongo } from '../../scratch-mongo.fixture.ts';
import { keySnapshotsConformance } from '../conformance.ts';
import { createMongoKeySnapshots } from './key-snapshots.ts';

keySnapshotsConformance('snapshots in MongoDB', async () => {
  const { db, close } = await openScratchMongo();
  const snapshots = createMongoKeySnapshots(db);
  await snapshots.prepare();
  return { snapshots, close };
});
