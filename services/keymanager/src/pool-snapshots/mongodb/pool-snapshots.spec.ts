import { openScratchMongo } from '../../scratch-mongo.fixture.ts';
import { poolSnapshotsConformance } from '../conformance.ts';
import { createMongoPoolSnapshots } from './pool-snapshots.ts';

poolSnapshotsConformance('snapshots of pools in MongoDB', async () => {
  const { db, close } = await openScratchMongo();
  const snapshots = createMongoPoolSnapshots(db);
  await snapshots.prepare();
  return { snapshots, close };
});
