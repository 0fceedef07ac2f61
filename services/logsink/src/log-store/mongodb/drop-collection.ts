import { type Collection, type Document, MongoServerError } from 'mongodb';

const namespaceNotFound = 26;

/** Drops a collection; one that is not there is dropped already. */
export async function dropCollection<T extends Document>(collection: Collection<T>): Promise<void> {
  try {
    await collection.drop();
  } catch (error) {
    // Before MongoDB 7 this was an error.
    const gone = error instanceof MongoServerError && error.code === namespaceNotFound;
    const said = error instanceof MongoServerError && error.errmsg === 'ns not found';
    if (!gone && !said) throw error;
  }
}
