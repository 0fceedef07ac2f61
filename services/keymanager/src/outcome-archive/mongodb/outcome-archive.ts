import { Binary, type Db } from 'mongodb';
import type { HeardOutcomes, OutcomeArchive } from '../outcome-archive.ts';
import { packOutcomes, unpackOutcomes } from '../packed-outcomes.ts';

/** Batches that one delete takes, so that the server has time for others. */
const dropDocuments = 2_000;

interface HeardDocument {
  /** Names the batch: one that is heard again takes the place of the first. */
  readonly _id: string;
  readonly group: string;
  readonly heard_ms: number;
  /** Tells batches apart that were heard in one millisecond, in their order. */
  readonly seq: number;
  readonly outcomes: Binary;
}

/** What MongoDB adds to the port: a write that may be repeated under the batch's name. */
export interface MongoOutcomeArchive extends OutcomeArchive {
  put(name: string, heard: HeardOutcomes): Promise<void>;
  /** Makes the indexes; may be repeated. */
  prepare(): Promise<void>;
}

/** Outcomes in a MongoDB database. */
export function createMongoOutcomeArchive(db: Db): MongoOutcomeArchive {
  const heardOutcomes = db.collection<HeardDocument>('heard_outcomes');
  let lastSeq = 0;

  async function put(name: string, heard: HeardOutcomes): Promise<void> {
    const { group, heardMs } = heard;
    lastSeq = Math.max(lastSeq + 1, heardMs * 1_000);
    const outcomes = new Binary(packOutcomes(heard));
    await heardOutcomes.replaceOne(
      { _id: name },
      { group, heard_ms: heardMs, seq: lastSeq, outcomes },
      { upsert: true },
    );
  }

  return {
    put,
    bring: (n, heard) => put(`moved ${n}`, heard),
    prepare: async () => {
      await heardOutcomes.createIndexes([
        { key: { group: 1, heard_ms: 1, seq: 1 }, name: 'group' },
        { key: { heard_ms: 1 }, name: 'heard' },
      ]);
    },
    page: async ({ group, fromMs, toMs, after, limit }) => {
      const from = after?.heardMs ?? fromMs;
      const found = await heardOutcomes
        .find({
          ...(group === null ? {} : { group }),
          heard_ms: { $gte: from, $lt: toMs },
          ...(after === null
            ? {}
            : { $or: [{ heard_ms: { $gt: from } }, { heard_ms: from, seq: { $gt: after.seq } }] }),
        })
        .sort({ heard_ms: 1, seq: 1 })
        .limit(limit)
        .toArray();
      const last = found.at(-1);
      return {
        batches: found.map(({ group: of, heard_ms, outcomes }) => ({
          group: of,
          heardMs: heard_ms,
          ...unpackOutcomes(outcomes.buffer, heard_ms),
        })),
        next:
          last === undefined || found.length < limit
            ? null
            : { heardMs: last.heard_ms, seq: last.seq },
      };
    },
    dropBefore: async (timeMs) => {
      const old = await heardOutcomes
        .find({ heard_ms: { $lt: timeMs } }, { projection: { _id: 1 } })
        .limit(dropDocuments)
        .toArray();
      if (old.length > 0) {
        await heardOutcomes.deleteMany({ _id: { $in: old.map(({ _id }) => _id) } });
      }
      return old.length === dropDocuments;
    },
  };
}
