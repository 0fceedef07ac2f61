import type { Db } from 'mongodb';
import type { KeySnapshots } from '../key-snapshots.ts';

interface SnapshotDocument {
  readonly _id: string;
  readonly key: string;
  readonly version: number;
  readonly through_ms: number;
  readonly state: string;
}

/** What MongoDB adds to the port. */
export interface MongoKeySnapshots extends KeySnapshots {
  /** Makes the index; may be repeated. */
  prepare(): Promise<void>;
}

/** Snapshots in a MongoDB database. */
export function createMongoKeySnapshots(db: Db): MongoKeySnapshots {
  const snapshots = db.collection<SnapshotDocument>('key_snapshots');
  return {
    prepare: async () => {
      await snapshots.createIndexes([{ key: { key: 1, version: -1 }, name: 'key' }]);
    },
    latest: async (id, atMs) => {
      const found = await snapshots
        .find({ key: id, through_ms: { $lte: atMs } })
        .sort({ version: -1 })
        .limit(1)
        .next();
      if (found === null) return undefined;
      const { version, through_ms: throughMs, state: text } = found;
      return { id, version, throughMs, text };
    },
    clear: async () => void (await snapshots.deleteMany({})),
    put: async (added) => {
      if (added.length === 0) return;
      await snapshots.bulkWrite(
        added.map(({ id: key, version, throughMs: through_ms, text: state }) => ({
          replaceOne: {
            filter: { _id: `${key}.${version}` },
            replacement: { key, version, through_ms, state },
            upsert: true,
          },
        })),
        { ordered: false },
      );
    },
  };
}
