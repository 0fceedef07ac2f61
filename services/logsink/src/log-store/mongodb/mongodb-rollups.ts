import { isDuplicateKey } from '@keymux/mongodb';
import type { Collection, Db } from 'mongodb';
import { regroup, type Rollup } from '../../rollups/rollup.ts';
import { type Span, spanMs, startOf, type Stretch } from '../../rollups/span.ts';
import { dayMs, dayOf } from '../place.ts';
import { dropCollection } from './drop-collection.ts';
import type { MongoDay } from './mongodb-day.ts';

/** All rollups of one minute, quarter, hour or day, and of how many rows they are made. */
interface SpanDocument {
  readonly _id: number;
  readonly rows: number;
  readonly rollups: readonly Rollup[];
}

/** A minute that got rows since it was counted; the mark is new with each batch. */
interface DirtyMinute {
  readonly _id: number;
  readonly mark: string;
}

/** Minutes that are counted side by side. */
const atOnce = 8;

/** Each span is added up from the one before it. */
const madeOf = { quarter: 'minute', hour: 'quarter', day: 'hour' } as const;

/**
 * Rollups without transactions. Whoever wrote rows marks their minutes before it acknowledges them, so
 * a batch whose writer died is delivered again and marked then. Marked minutes are counted anew from
 * their rows, never added to: a redelivery or a second counter changes nothing. Rows only become more,
 * so of two counts the one of more rows is right and the other is not written.
 */
export class MongoRollups {
  readonly #db: Db;
  readonly #dirty: Collection<DirtyMinute>;

  constructor(db: Db) {
    this.#db = db;
    this.#dirty = db.collection('log_dirty_minutes');
  }

  /** Marks the minutes of rows that were written; after them, before their acknowledgement. */
  async mark(minutes: ReadonlySet<number>, mark: string): Promise<void> {
    if (minutes.size === 0) return;
    await this.#dirty.bulkWrite(
      Array.from(minutes, (minute) => ({
        updateOne: { filter: { _id: minute }, update: { $set: { mark } }, upsert: true },
      })),
      { ordered: false },
    );
  }

  /** Counts the marked minutes before a time, and all that is made of them. */
  async settle(dayOfName: (day: string) => MongoDay, beforeMs: number): Promise<void> {
    const dirty = await this.#dirty.find({ _id: { $lt: beforeMs } }).toArray();
    await eachOf(dirty, async ({ _id: minute }) =>
      this.#replace('minute', minute, await dayOfName(dayOf(minute)).count(minute)),
    );
    for (const span of ['quarter', 'hour', 'day'] as const) {
      const starts = new Set(dirty.map(({ _id }) => startOf(_id, span)));
      await eachOf([...starts], async (start) => {
        const toMs = start + spanMs[span];
        const parts = await this.#documents({ span: madeOf[span], fromMs: start, toMs });
        await this.#replace(span, start, {
          rows: parts.reduce((sum, { rows }) => sum + rows, 0),
          rollups: regroup(
            parts.flatMap(({ rollups }) => rollups),
            span,
          ),
        });
      });
    }
    // Those that were marked again meanwhile stay.
    await eachOf(dirty, async (each) => void (await this.#dirty.deleteOne(each)));
  }

  async within(stretch: Stretch): Promise<Rollup[]> {
    const { span, fromMs, toMs } = stretch;
    if (span === 'hour' || span === 'day') {
      return (await this.#documents(stretch)).flatMap(({ rollups }) => rollups);
    }
    const found: Rollup[] = [];
    for (let at = startOf(fromMs, 'day'); at < toMs; at += dayMs) {
      const part = { span, fromMs: Math.max(at, fromMs), toMs: Math.min(at + dayMs, toMs) };
      for (const { rollups } of await this.#documents(part)) found.push(...rollups);
    }
    return found;
  }

  /** Drops what a day has that is shorter than an hour. */
  async dropShort(day: string): Promise<void> {
    const startMs = Date.parse(day);
    await dropCollection(this.#of('minute', startMs));
    await dropCollection(this.#of('quarter', startMs));
  }

  // Shorter ones go with their day.
  #of(span: Span, startMs: number): Collection<SpanDocument> {
    const kept = span === 'hour' || span === 'day';
    return this.#db.collection(kept ? `log_${span}s` : `log_${span}s_${dayOf(startMs)}`);
  }

  #documents({ span, fromMs, toMs }: Stretch): Promise<SpanDocument[]> {
    const within = { _id: { $gte: fromMs, $lt: toMs } };
    return this.#of(span, fromMs).find(within).toArray();
  }

  async #replace(span: Span, startMs: number, counted: Omit<SpanDocument, '_id'>): Promise<void> {
    const { rows, rollups } = counted;
    if (rows === 0) return;
    const collection = this.#of(span, startMs);
    for (;;) {
      const fewer = { _id: startMs, rows: { $lt: rows } };
      const { matchedCount } = await collection.updateOne(fewer, { $set: { rows, rollups } });
      if (matchedCount > 0) return;
      try {
        await collection.insertOne({ _id: startMs, rows, rollups });
        return;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // Either there is a count of as many rows, or one of fewer came just now.
        if ((await collection.countDocuments({ _id: startMs, rows: { $gte: rows } })) > 0) return;
      }
    }
  }
}

/** Some at a time. */
async function eachOf<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < list.length; at += atOnce) {
    await Promise.all(list.slice(at, at + atOnce).map(work));
  }
}
