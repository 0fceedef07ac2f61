import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, newId } from '@keymux/service';
import type { Db } from 'mongodb';

/** A database of its own on a real server. */
export interface ScratchMongo {
  readonly db: Db;
  /** Ends what was started, the database too. */
  close(): Promise<void>;
}

export async function openScratchMongo(): Promise<ScratchMongo> {
  const { part } = await startMongoDb();
  const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
  const mongo = await openMongo({ url: part.url, log });
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  return {
    db,
    close: async () => {
      await db.dropDatabase();
      await mongo.close();
      await part.stop();
    },
  };
}
