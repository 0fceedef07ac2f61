import { newId } from '@keymux/service';
import { openScratchMongo } from '../../scratch-mongo.fixture.ts';
import { outcomeArchiveConformance } from '../conformance.ts';
import { createMongoOutcomeArchive } from './outcome-archive.ts';

outcomeArchiveConformance('the archive in MongoDB', async () => {
  const { db, close } = await openScratchMongo();
  const archive = createMongoOutcomeArchive(db);
  await archive.prepare();
  return { archive, put: (heard) => archive.put(newId(), heard), close };
});
