import { isMongoAway } from '@keymux/mongodb';
import { type Collection, MongoBulkWriteError } from 'mongodb';
import type { RowDocument } from './row-document.ts';

const duplicateKey = 11_000;
/** What MongoDB says of one document that it can never take (https://www.mongodb.com/docs/manual/reference/error-codes/). */
const unwritable = new Set<unknown>([2, 9, 14, 28, 52, 55, 56, 57, 121, 10_334, 17_280, 17_419]);

/** How many of some documents were there already, and which can never be, by their index, with the reason. */
export interface InsertedRows {
  readonly duplicates: number;
  readonly refused: ReadonlyMap<number, string>;
}

/** Inserts documents, as many of them as MongoDB takes; rejects when it is away, or for a reason that may pass. */
export async function insertRows(
  rows: Collection<RowDocument>,
  documents: readonly RowDocument[],
): Promise<InsertedRows> {
  const refused = new Map<number, string>();
  let duplicates = 0;
  try {
    await rows.insertMany(documents, { ordered: false });
  } catch (error) {
    if (error instanceof MongoBulkWriteError) {
      // Counted here: not every server counts right what it inserted.
      for (const { index, code, errmsg } of listOf(error.writeErrors)) {
        if (code === duplicateKey) duplicates += 1;
        else if (unwritable.has(code)) refused.set(index, errmsg ?? `refused with ${code}`);
        else throw error;
      }
      if (duplicates + refused.size === 0) throw error;
    } else if (isMongoAway(error) || !refusesDocument(error)) {
      throw error;
    } else if (documents.length === 1) {
      refused.set(0, error instanceof Error ? error.message : String(error));
    } else {
      // The driver refused one of them before it sent any.
      for (const [at, document] of documents.entries()) {
        const alone = await insertRows(rows, [document]);
        duplicates += alone.duplicates;
        for (const reason of alone.refused.values()) refused.set(at, reason);
      }
    }
  }
  return { duplicates, refused };
}

function listOf<T>(one: T | readonly T[]): readonly T[] {
  return Array.isArray(one) ? one : [one as T];
}

function refusesDocument(error: unknown): boolean {
  return (
    error instanceof RangeError ||
    (error instanceof Error && /^(BSON|MongoInvalidArgumentError$)/.test(error.name))
  );
}
