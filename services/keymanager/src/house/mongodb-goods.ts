import type { KeyCollections } from '../roster/mongodb/collections.ts';
import { poolIn } from '../roster/mongodb/pools.ts';
import type { Goods } from './goods.ts';

/** Goods in MongoDB. */
export function createMongoGoods({ keys, pools }: KeyCollections): Goods {
  return {
    pools: async () => (await pools.find().sort({ _id: 1 }).toArray()).map(poolIn),
    putPools: async (all) => {
      for (const { id, name, revision, closed } of all) {
        const open = closed ? {} : { open_name: name };
        const $setOnInsert = { name, revision, closed, ...open };
        await pools.updateOne({ _id: id }, { $setOnInsert }, { upsert: true });
      }
    },
    usage: async (afterSeq, limit) => {
      const found = await keys
        .find({ seq: { $gt: afterSeq }, pool: { $exists: true } })
        .sort({ seq: 1 })
        .limit(limit)
        .toArray();
      const last = found.length === limit ? found.at(-1) : undefined;
      return {
        items: found.map(({ _id: id, requests, failures, last_used_ms: lastUsedMs }) => ({
          id,
          requests,
          failures,
          lastUsedMs,
        })),
        next: last?.seq ?? null,
      };
    },
    putUsage: async (items) => {
      if (items.length === 0) return;
      await keys.bulkWrite(
        items.map(({ id, requests, failures, lastUsedMs }) => ({
          updateOne: {
            filter: { _id: id },
            update: { $set: { requests, failures, last_used_ms: lastUsedMs } },
          },
        })),
        { ordered: false },
      );
    },
  };
}
