import type { LogRow } from '@keymux/contracts';
import { type Logger, newId } from '@keymux/service';
import type { Collection, Db } from 'mongodb';
import type { Sum } from '../../rollups/rollup.ts';
import { cover, startOf } from '../../rollups/span.ts';
import { Sums } from '../../rollups/sums.ts';
import type { LogPage, LogSearch, OpenLogStore, SumQuery, Written } from '../log-store.ts';
import { dayMs, dayOf, idAt, placeOf, touches } from '../place.ts';
import { isPoison, type Poison, readRows, type ReceivedRow } from '../received-rows.ts';
import { MongoDay } from './mongodb-day.ts';
import { MongoRollups } from './mongodb-rollups.ts';
import { toRow } from './row-document.ts';
import { searchDay } from './search-day.ts';

/** How often marked minutes are counted when nobody asks for sums. */
const settleEveryMs = 5_000;
/** Rows looked at in one go when many of them do not fit. */
const looked = 256;

const dayName = /^logs_(\d{4}-\d\d-\d\d)$/;

/** The first day that was not dropped. */
interface DroppedMark {
  readonly _id: 'dropped';
  readonly before: string;
}

export interface MongoLogStoreDeps {
  /** Of a connection that its owner closes. */
  readonly db: Db;
  readonly log: Logger;
  /** How long a search may take before it answers with what it has; 150 by default. */
  readonly searchMs?: number;
}

/** Request logs in MongoDB, a collection a day: dropping a day is dropping its collection. Any number of processes may write. */
export class MongoLogStore implements OpenLogStore {
  readonly #db: Db;
  readonly #log: Logger;
  readonly #searchMs: number;
  readonly #marks: Collection<DroppedMark>;
  readonly #rollups: MongoRollups;
  readonly #days = new Map<string, MongoDay>();
  #timer: NodeJS.Timeout | undefined;
  /** One after the other: two countings of one process would only count the same. */
  #settling: Promise<void> = Promise.resolve();

  constructor({ db, log, searchMs = 150 }: MongoLogStoreDeps) {
    this.#db = db;
    this.#log = log;
    this.#searchMs = searchMs;
    this.#marks = db.collection('log_marks');
    this.#rollups = new MongoRollups(db);
  }

  async open(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#settle(Number.MAX_SAFE_INTEGER).catch((error: unknown) =>
        this.#log.warn({ err: error }, 'log rollups not counted; trying again'),
      );
    }, settleEveryMs);
  }

  async write(text: string): Promise<Written> {
    const droppedBefore = await this.#droppedBefore();
    const byDay = new Map<string, ReceivedRow[]>();
    const minutes = new Set<number>();
    const poison: Poison[] = [];
    let [read, written, expired] = [0, 0, 0];
    for (const each of readRows(text)) {
      if (isPoison(each)) {
        poison.push(each);
        continue;
      }
      read += 1;
      const { place } = each;
      if (place.day < droppedBefore) {
        expired += 1;
        continue;
      }
      minutes.add(startOf(place.timeMs, 'minute'));
      const list = byDay.get(place.day);
      if (list === undefined) byDay.set(place.day, [each]);
      else list.push(each);
    }
    const refused: Poison[] = [];
    for (const [day, list] of byDay) {
      const result = await this.#day(day).write(list);
      written += result.written;
      refused.push(...result.poison);
    }
    await this.#rollups.mark(minutes, newId());
    return {
      written,
      expired,
      duplicates: read - expired - written - refused.length,
      poison: [...poison, ...refused],
    };
  }

  async find({ filter, before, limit }: LogSearch): Promise<LogPage> {
    const endMs = performance.now() + this.#searchMs;
    const late = (): boolean => performance.now() > endMs;
    const place = before === null ? null : placeOf(before);
    const days = (await this.#listDays()).filter((day) => touches(day, filter, place));
    const rows: LogRow[] = [];
    for (const [at, name] of days.entries()) {
      const startMs = Date.parse(name);
      const look = await searchDay(this.#day(name), filter);
      let again = false;
      let below: string | null =
        before !== null && place?.day === name ? before : idAt(startMs + dayMs);
      while (look !== null && below !== null) {
        // One more than wanted tells whether there is more.
        const found = await look(below, Math.max(limit + 1 - rows.length, again ? looked : 0));
        again = true;
        for (const row of found.rows) {
          if (rows.length === limit) return { rows, next: rows.at(-1)?.request_id ?? null };
          rows.push(row);
        }
        below = found.lookedTo;
        if (below !== null && late()) return { rows, next: below };
      }
      if (late() && at + 1 < days.length) return { rows, next: idAt(startMs) };
    }
    return { rows, next: null };
  }

  async get(requestId: string): Promise<LogRow | null> {
    const place = placeOf(requestId);
    if (place === null) return null;
    const found = await this.#day(place.day).rows.findOne({ _id: requestId });
    return found === null ? null : toRow(found);
  }

  async sums(query: SumQuery): Promise<Sum[]> {
    await this.#settle(query.toMs);
    const droppedBefore = await this.#droppedBefore();
    const minutesFromMs = droppedBefore === '' ? 0 : Date.parse(droppedBefore);
    const sums = new Sums(query);
    for (const stretch of cover({ ...query, minutesFromMs })) {
      for (const rollup of await this.#rollups.within(stretch)) sums.add(rollup);
    }
    return sums.all();
  }

  async dropBefore(timeMs: number): Promise<string[]> {
    const names = (await this.#listDays()).filter((day) => Date.parse(day) + dayMs <= timeMs);
    const [last] = names;
    if (last === undefined) return [];
    const before = dayOf(Date.parse(last) + dayMs);
    // First of all, so that no row of those days is written any more.
    await this.#marks.updateOne({ _id: 'dropped' }, { $max: { before } }, { upsert: true });
    await this.#settle(Date.parse(before));
    for (const name of names) {
      await this.#rollups.dropShort(name);
      await this.#day(name).drop();
      this.#days.delete(name);
    }
    return names.toReversed();
  }

  async sizeBytes(): Promise<number> {
    const sizes = (await this.#listDays()).map(async (day) => {
      const stats = await this.#db.command({ collStats: `logs_${day}` });
      return Number(stats['storageSize'] ?? 0) + Number(stats['totalIndexSize'] ?? 0);
    });
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#settling;
  }

  #day(name: string): MongoDay {
    const day = this.#days.get(name) ?? new MongoDay(this.#db, name);
    this.#days.set(name, day);
    return day;
  }

  /** Newest first. */
  async #listDays(): Promise<string[]> {
    // Matched here as well: not every server heeds a filter of this command.
    const found = await this.#db
      .listCollections({ name: { $regex: dayName.source } }, { nameOnly: true })
      .toArray();
    return found
      .flatMap(({ name }) => dayName.exec(name)?.[1] ?? [])
      .toSorted()
      .toReversed();
  }

  async #droppedBefore(): Promise<string> {
    return (await this.#marks.findOne({ _id: 'dropped' }))?.before ?? '';
  }

  #settle(beforeMs: number): Promise<void> {
    const settled = this.#settling.then(() =>
      this.#rollups.settle((day) => this.#day(day), beforeMs),
    );
    // The next one does not fail for this one.
    this.#settling = settled.catch(() => undefined);
    return settled;
  }
}
