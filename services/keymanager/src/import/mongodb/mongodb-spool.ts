import type { Collection, Db } from 'mongodb';
import type { Spool, SpooledKey } from '../spool.ts';

/** A part of an upload; `n` counts from 0. */
interface ChunkDocument {
  readonly _id: string;
  readonly task: string;
  readonly n: number;
  readonly keys: readonly SpooledKey[];
  readonly at: Date;
}

/** Keys in a chunk: far from the 16 MB of a document. */
const chunkKeys = 500;
const daySeconds = 86_400;

const chunkId = (taskId: string, n: number): string => `${taskId} ${n}`;

/** A spool in MongoDB, where every keymanager can read it. */
export function createMongoSpool(db: Db): Spool & { prepare(): Promise<void> } {
  const chunks: Collection<ChunkDocument> = db.collection<ChunkDocument>('uploads');
  return {
    prepare: async () => {
      await chunks.createIndexes([
        { key: { task: 1, n: 1 }, name: 'task' },
        // An import that waits longer than this has lost its keys, and says so.
        { key: { at: 1 }, name: 'at', expireAfterSeconds: 30 * daySeconds },
      ]);
    },
    create: async (taskId) => {
      let keys: SpooledKey[] = [];
      let n = 0;
      const flush = async (): Promise<void> => {
        const chunk = { _id: chunkId(taskId, n), task: taskId, n, keys, at: new Date() };
        keys = [];
        n += 1;
        await chunks.insertOne(chunk);
      };
      return {
        add: async (key) => {
          keys.push(key);
          if (keys.length >= chunkKeys) await flush();
        },
        // Nobody reads it before there is its task. The last chunk is not full, and so ends it.
        commit: flush,
        discard: async () => {
          await chunks.deleteMany({ task: taskId });
        },
      };
    },
    read: async (taskId, from, limit) => {
      const first = Math.floor(from / chunkKeys);
      const last = Math.floor((from + limit - 1) / chunkKeys);
      const filter = { task: taskId, n: { $gte: first, $lte: last } };
      const found = await chunks.find(filter).sort({ n: 1 }).toArray();
      if (found.length === 0) return undefined;
      const all = found.flatMap((chunk) => chunk.keys);
      const begin = from - first * chunkKeys;
      const keys = all.slice(begin, begin + limit);
      const ended = (found.at(-1)?.keys.length ?? 0) < chunkKeys;
      const next = ended && begin + keys.length >= all.length ? null : from + keys.length;
      return { keys, next };
    },
    remove: async (taskId) => {
      await chunks.deleteMany({ task: taskId });
    },
    // Others may be uploading now: only what is older than any upload lasts.
    sweep: async (taskIds) => {
      const before = new Date(Date.now() - daySeconds * 1_000);
      await chunks.deleteMany({ task: { $nin: [...taskIds] }, at: { $lt: before } });
    },
  };
}
