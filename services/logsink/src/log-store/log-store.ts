import type { LogRow } from '@keymux/contracts';
import type { Dimension, Sum } from '../rollups/rollup.ts';
import type { LogFilter } from './log-filter.ts';
import type { Poison } from './received-rows.ts';

/** What became of the rows of a batch; every row is in one of the four. */
export interface Written {
  readonly written: number;
  /** The store had them already: a redelivery. */
  readonly duplicates: number;
  /** Of days that were dropped before they came. */
  readonly expired: number;
  /** Can never be written. */
  readonly poison: readonly Poison[];
}

/** One page of a search. */
export interface LogPage {
  readonly rows: LogRow[];
  /**
   * Where to go on: the rest lies below this id. Not null with fewer rows than asked for, or none,
   * when the search took too long and stopped on its way; null when there is nothing more.
   */
  readonly next: string | null;
}

/** Which rows are asked for, newest first. */
export interface LogSearch {
  readonly filter: LogFilter;
  /** Only ids below this one: a row's, or {@link LogPage.next}. */
  readonly before: string | null;
  readonly limit: number;
}

/** Sums over a range in points of a width; `toMs` is exclusive. */
export interface SumQuery {
  readonly fromMs: number;
  readonly toMs: number;
  /** Width of a point; null sums the whole range into one. */
  readonly stepMs: number | null;
  readonly by: Dimension;
  /** Only what was asked of this group or served by it. */
  readonly group?: string;
}

/** Keeps request logs by the day, and what they add up to for longer. */
export interface LogStore {
  /** Writes the rows of newline separated JSON, and their rollups. What rejects may be repeated: nothing counts twice. */
  write(text: string): Promise<Written>;
  find(search: LogSearch): Promise<LogPage>;
  get(requestId: string): Promise<LogRow | null>;
  sums(query: SumQuery): Promise<Sum[]>;
  /** Drops whole days before a time; their hourly and daily rollups stay. Tells which days. */
  dropBefore(timeMs: number): Promise<string[]>;
}

/** A store with what its owner needs of it. */
export interface OpenLogStore extends LogStore {
  /** Rejects with a StartProblem for what a person can mend. */
  open(): Promise<void>;
  /** Bytes that the logs take. */
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}
