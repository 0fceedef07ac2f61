import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import { outcomeArchiveConformance } from '../conformance.ts';
import { createMongoOutcomeArchive } from './outcome-archive.ts';

const log = createLogger({ service: 'test', level: 'silent', format: 'json' });

outcomeArchiveConformance('the archive in MongoDB', async () => {
  const { part } = await startMongoDb();
  const mongo = await openMongo({ url: part.url, log });
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  const archive = createMongoOutcomeArchive(db);
  await archive.prepare();
  return {
    archive,
    put: (heard) => archive.put(newId(), heard),
    close: async () => {
      await db.dropDatabase();
      await mongo.close();
      await part.stop();
    },
  };
});
