import { computed, effect, inject, Injectable, signal, untracked } from '@angular/core';
import { addressOf } from '../api/address.ts';
import { type Answer, Api } from '../api/api.ts';
import { Connection } from '../api/connection.ts';
import type { LogRow } from '../api/generated.ts';
import { loaded } from '../api/loaded.ts';
import { reconnecting } from '../api/reconnecting.ts';
import { type Gap, heard, isWritten, lost } from './gap.ts';
import { mergeRows } from './known-rows.ts';
import { type LogFilters, toQuery } from './log-filters.ts';
import { rowsSince } from './rows-since.ts';

/** More than a screen shows; fewer rows are there sooner after a filter was chosen. */
const firstPage = 50;
const pageSize = 100;
/** Rows are written in batches: what the tail missed is in the list a little later. */
const refreshMs = 15_000;
const showMs = 250;
/** More than this at a time nobody reads: they are shown by the second, for the page to stay quick. */
const readable = 25;
const crowdedShows = 4;
/** Longest that a row is on its way here, when many are: until then it is not missing. */
const lateMs = 5_000;
/** Of a list that only grows by itself the newest are kept; the server has written what is older by then. */
const liveRows = 1_000;
/** A list that a person made longer than this grows no more by itself. */
const mostRows = 2_000;

/** Where the rows before the oldest that is shown begin. */
type Before = { readonly cursor: string } | { readonly to: string };

/** The rows that filters let through: pages of those that were, and those that come. */
@Injectable()
export class LogFeed {
  readonly #api = inject(Api);
  readonly filters = signal<LogFilters | undefined>(undefined);
  /** Nothing new is shown while this is so; it is counted. */
  readonly paused = signal(false);
  /** How long rows may wait before the list has them, ms. */
  readonly waitMs = signal(60_000);
  readonly #known = signal<readonly LogRow[]>([]);
  readonly #waiting = signal<readonly LogRow[]>([]);
  /** Null where there are none, undefined while that is not known. */
  readonly #before = signal<Before | null | undefined>(undefined);
  /** Somebody asked for older rows, and reads them. */
  #isRead = false;
  readonly #busy = signal(false);
  readonly #error = signal<unknown>(undefined);
  readonly #listening = signal(false);
  #gap: Gap | null = null;
  /** Rows are missing that are too many to be put in: the list begins anew when it goes on. */
  #isTorn = false;

  readonly first = loaded({
    params: this.filters,
    load: async (filters, signal) => {
      const query = { ...toQuery(filters, Date.now()), limit: firstPage };
      return { filters, page: await this.#api.call('listLogs', { query, signal }) };
    },
    everyMs: refreshMs,
    keep: true,
  });
  /** What the known rows were let through by. */
  readonly #listed = signal<LogFilters | undefined>(undefined);
  /** Other rows are asked for than those that are known. */
  readonly stale = computed(() => this.#listed() !== this.filters());
  readonly rows = this.#known.asReadonly();
  readonly waiting = computed(() => this.#waiting().length);
  readonly hasOlder = computed(() => (this.#before() ?? null) !== null);
  readonly busy = this.#busy.asReadonly();
  readonly error = this.#error.asReadonly();
  readonly listening = this.#listening.asReadonly();
  /** Whether anything can still come: not when the time ended. */
  readonly canGrow = computed(() => this.filters()?.to === undefined);

  constructor() {
    effect(() => {
      const answer = this.first.value();
      if (answer !== undefined) untracked(() => this.#answered(answer));
    });
    const connection = inject(Connection);
    effect((onCleanup) => {
      const filters = this.filters();
      if (filters === undefined || !connection.signedIn() || !this.canGrow()) return;
      onCleanup(this.#listen(filters));
    });
  }

  #answered({ filters, page }: { filters: LogFilters; page: Answer<'listLogs'> }): void {
    if (filters !== this.#listed() || this.#isPast(page)) this.#forget();
    this.#listed.set(filters);
    this.#take(page.items);
    if (this.#before() !== undefined) return;
    this.#before.set(page.next_cursor === null ? null : { cursor: page.next_cursor });
    // Of what ended just before, and until the tail is heard, rows are still to be written.
    this.#gap = lost(this.#gap, page.items[0]?.time);
    if (this.#listening()) this.#gap = heard(this.#gap, Date.now());
  }

  pause(): void {
    this.paused.set(true);
  }

  /** Shows what came meanwhile and goes on. */
  resume(): void {
    this.paused.set(false);
    const waiting = this.#waiting();
    this.#waiting.set([]);
    if (this.#isTorn || this.#known().length + waiting.length > mostRows) {
      this.#forget();
      this.first.reload();
      return;
    }
    this.#known.update((known) => mergeRows(known, waiting));
    this.#keepNewest();
  }

  /** Rows before the oldest that is shown. */
  async older(): Promise<void> {
    const before = this.#before() ?? null;
    const filters = this.filters();
    if (filters === undefined || this.stale()) return;
    if (before === null || this.#busy()) return;
    this.#isRead = true;
    this.#busy.set(true);
    this.#error.set(undefined);
    try {
      const query = { ...toQuery(filters, Date.now()), limit: pageSize, ...before };
      const { items, next_cursor } = await this.#api.call('listLogs', { query });
      if (this.filters() !== filters || this.#before() !== before) return;
      this.#known.update((known) => mergeRows(known, items));
      this.#before.set(next_cursor === null ? null : { cursor: next_cursor });
    } catch (error) {
      this.#error.set(error);
    } finally {
      this.#busy.set(false);
    }
  }

  row(requestId: string): LogRow | undefined {
    return this.#known().find((row) => row.request_id === requestId);
  }

  #listen(filters: LogFilters): () => void {
    const { from: _from, to: _to, ...query } = toQuery(filters, Date.now());
    const ended = new AbortController();
    let told: LogRow[] = [];
    let opened = false;
    const unheard = (): void => {
      this.#listening.set(false);
      if (!this.stale()) this.#gap = lost(this.#gap, this.#known()[0]?.time);
    };
    const stream = reconnecting(addressOf('/api/logs/tail', {}, query), {
      // Rows of our own server, of the shape that its contracts name.
      events: { log: (data) => told.push(data as LogRow) },
      opened: () => {
        this.#listening.set(true);
        this.#gap = heard(this.#gap, Date.now());
        if (opened) void this.#fill(filters, ended.signal);
        opened = true;
      },
      lost: unheard,
      left: unheard,
    });
    let tick = 0;
    const timer = setInterval(() => {
      tick += 1;
      if (this.#gap !== null && isWritten(this.#gap, Date.now(), this.waitMs())) {
        void this.#fill(filters, ended.signal);
        this.#gap = null;
      }
      if (told.length === 0 || (told.length > readable && tick % crowdedShows !== 0)) return;
      const fresh = told.slice(-mostRows);
      // Until the first page is here, those are the rows of other filters.
      told = this.stale() ? fresh : [];
      if (!this.stale()) this.#take(fresh);
    }, showMs);
    return () => {
      clearInterval(timer);
      ended.abort();
      this.#gap = null;
      stream.close();
      this.#listening.set(false);
    };
  }

  /** Puts in what came while nobody listened; what is too much for that begins the list anew. */
  async #fill(filters: LogFilters, signal: AbortSignal): Promise<void> {
    const gap = this.#gap;
    if (gap === null) return this.first.reload();
    try {
      const most = this.#isRead ? mostRows : liveRows;
      const { rows, isWhole } = await rowsSince(
        gap.from,
        { query: toQuery(filters, Date.now()), most },
        (query) => this.#api.call('listLogs', { query, signal }),
      );
      if (signal.aborted) return;
      // No more than the newest are kept, where nobody reads older ones.
      if (isWhole || (!this.#isRead && rows.length >= liveRows)) return this.#take(rows);
      this.#isTorn = true;
      if (!this.paused() && !this.#isRead) this.resume();
    } catch {
      // The banner says that the server is away; its return opens the tail anew, and this comes again.
      return;
    }
  }

  /** Whether rows are missing between what is shown and the newest page: then the list begins anew. */
  #isPast({ items, next_cursor }: Answer<'listLogs'>): boolean {
    const newest = this.#known()[0];
    const oldest = items.at(-1);
    if (next_cursor === null || newest === undefined || oldest === undefined) return false;
    return !this.paused() && Date.parse(newest.time) + lateMs < Date.parse(oldest.time);
  }

  #take(fresh: readonly LogRow[]): void {
    const known = this.#known();
    const settled = known.length > 0;
    if (settled && (this.paused() || known.length >= mostRows)) {
      const ids = new Set(known.map((row) => row.request_id));
      const news = fresh.filter((row) => !ids.has(row.request_id));
      this.#waiting.update((waiting) => mergeRows(waiting, news, mostRows));
      return;
    }
    this.#known.set(mergeRows(known, fresh));
    this.#keepNewest();
  }

  #keepNewest(): void {
    if (this.#isRead) return;
    const known = this.#known();
    const oldest = known[liveRows - 1];
    if (oldest === undefined || known.length === liveRows) return;
    this.#known.set(known.slice(0, liveRows));
    // Up to the next thousandth, for others of the same one.
    this.#before.set({ to: new Date(Date.parse(oldest.time) + 1).toISOString() });
  }

  #forget(): void {
    this.#known.set([]);
    this.#waiting.set([]);
    this.#before.set(undefined);
    this.#isRead = false;
    this.#gap = null;
    this.#isTorn = false;
    this.#error.set(undefined);
  }
}
