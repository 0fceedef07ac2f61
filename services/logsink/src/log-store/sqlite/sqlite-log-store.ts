import * as fs from 'node:fs';
import { join } from 'node:path';
import type { LogRow } from '@keymux/contracts';
import { cover } from '../../rollups/span.ts';
import type { Sum } from '../../rollups/rollup.ts';
import { Sums } from '../../rollups/sums.ts';
import type { LogPage, LogSearch, OpenLogStore, SumQuery, Written } from '../log-store.ts';
import { dayMs, dayOf, idAt, placeOf, seqAt, touches } from '../place.ts';
import { isPoison, type Poison, readRows } from '../received-rows.ts';
import { searchDay } from './search-day.ts';
import { SqliteDay } from './sqlite-day.ts';
import type { SqliteDayWriter } from './sqlite-day-writer.ts';
import { SqliteKept } from './sqlite-kept.ts';

/** Days whose files are kept open. */
const openDays = 16;

export interface SqliteLogStoreOptions {
  readonly directory: string;
  /** How long a search may take before it answers with what it has; 150 by default. */
  readonly searchMs?: number;
}

/**
 * Request logs as a file a day: dropping a day is deleting its file. Works synchronously; in a
 * program with other things to do it belongs on a thread of its own.
 */
export class SqliteLogStore implements OpenLogStore {
  readonly #directory: string;
  readonly #searchMs: number;
  /** Least recently used first. */
  readonly #open = new Map<string, SqliteDay>();
  #kept: SqliteKept | undefined;

  constructor({ directory, searchMs = 150 }: SqliteLogStoreOptions) {
    this.#directory = directory;
    this.#searchMs = searchMs;
  }

  async open(): Promise<void> {
    this.#rollupsKept();
  }

  async write(text: string): Promise<Written> {
    const writers = new Map<string, SqliteDayWriter>();
    try {
      const written = this.#keep(text, writers);
      for (const writer of writers.values()) writer.commit();
      return written;
    } catch (error) {
      // Takes back what was not committed, and forgets what was remembered of it.
      for (const day of writers.keys()) this.#close(day);
      throw error;
    }
  }

  async find({ filter, before, limit }: LogSearch): Promise<LogPage> {
    const endMs = performance.now() + this.#searchMs;
    const late = (): boolean => performance.now() > endMs;
    const place = before === null ? null : placeOf(before);
    const days = this.#days().filter((day) => touches(day, filter, place));
    const rows: LogRow[] = [];
    for (const [at, name] of days.entries()) {
      const day = this.#day(name);
      const startMs = Date.parse(name);
      const below =
        before !== null && place?.day === name ? day.seqOf(before, place).seq : seqAt(dayMs);
      for (const found of searchDay(day, filter, { startMs, below, late })) {
        if (found.kind === 'late') return { rows, next: found.id };
        if (rows.length === limit) return { rows, next: rows.at(-1)?.request_id ?? null };
        rows.push(found.row);
      }
      if (late() && at + 1 < days.length) return { rows, next: idAt(startMs) };
    }
    return { rows, next: null };
  }

  async get(requestId: string): Promise<LogRow | null> {
    const place = placeOf(requestId);
    if (place === null || !this.#days().includes(place.day)) return null;
    const day = this.#day(place.day);
    const { seq, found } = day.seqOf(requestId, place);
    const json = found ? day.at(seq)?.json : undefined;
    // Checked when it came in.
    return json === undefined ? null : (JSON.parse(json) as LogRow);
  }

  async sums(query: SumQuery): Promise<Sum[]> {
    const kept = this.#rollupsKept();
    const { droppedBefore } = kept;
    const minutesFromMs = droppedBefore === '' ? 0 : Date.parse(droppedBefore);
    const days = this.#days();
    const sums = new Sums(query);
    for (const stretch of cover({ ...query, minutesFromMs })) {
      for (const rollup of kept.rollups(stretch)) sums.add(rollup);
      for (const name of days) {
        const startMs = Date.parse(name);
        if (startMs >= stretch.toMs || startMs + dayMs <= stretch.fromMs) continue;
        for (const rollup of this.#day(name).rollups(stretch)) sums.add(rollup);
      }
    }
    return sums.all();
  }

  async dropBefore(timeMs: number): Promise<string[]> {
    const kept = this.#rollupsKept();
    const dropped: string[] = [];
    for (const name of this.#days().toReversed()) {
      const nextMs = Date.parse(name) + dayMs;
      if (nextMs > timeMs) break;
      // A crash may have come between its rollups and its file.
      if (name >= kept.droppedBefore) {
        const day = this.#day(name);
        const rollups = { hour: day.allRollups('hour'), day: day.allRollups('day') };
        kept.takeOver(rollups, dayOf(nextMs));
      }
      this.#close(name);
      for (const suffix of ['', '-wal', '-shm']) {
        fs.rmSync(join(this.#directory, `${name}.db${suffix}`), { force: true });
      }
      dropped.push(name);
    }
    return dropped;
  }

  async sizeBytes(): Promise<number> {
    return fs
      .readdirSync(this.#directory)
      .map((name) => fs.statSync(join(this.#directory, name), { throwIfNoEntry: false })?.size ?? 0)
      .reduce((sum, size) => sum + size, 0);
  }

  async close(): Promise<void> {
    for (const name of this.#open.keys()) this.#close(name);
    this.#kept?.close();
    this.#kept = undefined;
  }

  // Into a transaction of each day, which stays open.
  #keep(text: string, writers: Map<string, SqliteDayWriter>): Written {
    const { droppedBefore } = this.#rollupsKept();
    const poison: Poison[] = [];
    let [written, duplicates, expired] = [0, 0, 0];
    for (const read of readRows(text)) {
      if (isPoison(read)) {
        poison.push(read);
        continue;
      }
      const { day } = read.place;
      if (day < droppedBefore) {
        expired += 1;
        continue;
      }
      let writer = writers.get(day);
      if (writer === undefined) {
        ({ writer } = this.#day(day));
        writer.begin();
        writers.set(day, writer);
      }
      if (writer.keep(read)) written += 1;
      else duplicates += 1;
    }
    return { written, duplicates, expired, poison };
  }

  #rollupsKept(): SqliteKept {
    if (this.#kept !== undefined) return this.#kept;
    fs.mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#kept = new SqliteKept(join(this.#directory, 'rollups.db'));
    return this.#kept;
  }

  /** Newest first. */
  #days(): string[] {
    return fs
      .readdirSync(this.#directory)
      .flatMap((name) => /^(\d{4}-\d\d-\d\d)\.db$/.exec(name)?.[1] ?? [])
      .toSorted()
      .toReversed();
  }

  #day(name: string): SqliteDay {
    const day = this.#open.get(name) ?? SqliteDay.open(join(this.#directory, `${name}.db`));
    this.#open.delete(name);
    this.#open.set(name, day);
    for (const [other, { writer }] of this.#open) {
      if (this.#open.size <= openDays) break;
      if (other !== name && !writer.isWriting) this.#close(other);
    }
    return day;
  }

  #close(name: string): void {
    this.#open.get(name)?.close();
    this.#open.delete(name);
  }
}
