import { Binary, type Db } from 'mongodb';
import type { PoolSnapshots } from '../pool-snapshots.ts';

interface PartDocument {
  readonly _id: string;
  readonly group: string;
  readonly position: number;
  readonly part: number;
  readonly through_ms: number;
  readonly keys: Binary;
}

/** What MongoDB adds to the port. */
export interface MongoPoolSnapshots extends PoolSnapshots {
  /** Makes the index; may be repeated. */
  prepare(): Promise<void>;
}

/** Snapshots of pools in a MongoDB database. */
export function createMongoPoolSnapshots(db: Db): MongoPoolSnapshots {
  const snapshots = db.collection<PartDocument>('pool_snapshots');
  return {
    prepare: async () => {
      await snapshots.createIndexes([{ key: { group: 1, part: 1, position: -1 }, name: 'group' }]);
    },
    latest: async (group, atMs) => {
      // The first part is written last: with it the others are there.
      const found = await snapshots
        .find({ group, part: 0, through_ms: { $lte: atMs } }, { projection: { keys: 0 } })
        .sort({ position: -1 })
        .limit(1)
        .next();
      if (found === null) return undefined;
      return { group, position: found.position, throughMs: found.through_ms };
    },
    async *parts({ group, position }) {
      for (let part = 0; ; part += 1) {
        const found = await snapshots.findOne({ _id: `${group}.${position}.${part}` });
        if (found === null) return;
        yield found.keys.buffer;
      }
    },
    put: async ({ group, position, throughMs: through_ms }, parts) => {
      await snapshots.deleteMany({ group, position });
      for (let part = parts.length - 1; part >= 0; part -= 1) {
        const keys = new Binary(parts[part] ?? new Uint8Array());
        const document = { group, position, part, through_ms, keys };
        const _id = `${group}.${position}.${part}`;
        await snapshots.replaceOne({ _id }, document, { upsert: true });
      }
    },
    positions: async (group) => {
      const found = snapshots.find({ group, part: 0 }, { projection: { position: 1 } });
      return (await found.sort({ position: 1 }).toArray()).map(({ position }) => position);
    },
    remove: async (group, position) => {
      // Without its first part it is not there any more, whatever is left of it.
      await snapshots.deleteOne({ _id: `${group}.${position}.0` });
      await snapshots.deleteMany({ group, position });
    },
    clear: async () => void (await snapshots.deleteMany({})),
  };
}
