import { isDuplicateKey } from '@keymux/mongodb';
import type { Pool, Pools } from '../pools.ts';
import type { KeyCollections, PoolDocument } from './collections.ts';

/** A pool as others know it. */
export function poolIn({ _id: id, name, revision, closed }: PoolDocument): Pool {
  return { id, name, revision, closed };
}

/** Pools in MongoDB; `nth` makes those that a rebuild misses. */
export function createPools({ pools }: Pick<KeyCollections, 'pools'>): Pools & {
  /** The pool that was the nth of its name (0 is the first), closed or not; made when it is missing. */
  nth(name: string, index: number): Promise<Pool>;
} {
  const find = async (name: string): Promise<Pool | undefined> => {
    const found = await pools.findOne({ open_name: name });
    return found === null ? undefined : poolIn(found);
  };

  // Undefined when another one was first.
  async function make(name: string, closed: boolean): Promise<Pool | undefined> {
    const last = await pools.find().sort({ _id: -1 }).limit(1).next();
    const before = await pools.find({ name }).sort({ _id: -1 }).limit(1).next();
    const document = {
      _id: (last?._id ?? 0) + 1,
      name,
      closed,
      // A new pool of an old name goes on counting, or gateways would take its changes for old ones.
      revision: before === null ? 0 : before.revision + 1,
      ...(closed ? {} : { open_name: name }),
    };
    try {
      await pools.insertOne(document);
      return poolIn(document);
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
  }

  async function open(name: string): Promise<Pool> {
    for (;;) {
      const pool = (await find(name)) ?? (await make(name, false));
      if (pool !== undefined) return pool;
    }
  }

  return {
    find,
    open,
    byId: async (id) => {
      const found = await pools.findOne({ _id: id });
      return found === null ? undefined : poolIn(found);
    },
    all: async () =>
      (
        await pools
          .find({ open_name: { $exists: true } })
          .sort({ name: 1 })
          .toArray()
      ).map(poolIn),
    nth: async (name, index) => {
      const found = await pools.find({ name }).sort({ _id: 1 }).skip(index).limit(1).next();
      if (found !== null) return poolIn(found);
      if ((await find(name)) === undefined) return open(name);
      return (await make(name, true)) ?? open(name);
    },
  };
}
