import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Calls, DeadLetterStore } from '@keymux/bus';
import type { LogRow, logsinkOperations } from '@keymux/contracts';
import { type Clock, type Handlers, type Logger, problem } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { LogFilter } from '../log-store/log-filter.ts';
import type { LogPage, LogSearch, LogStore } from '../log-store/log-store.ts';
import { placeOf } from '../log-store/place.ts';
import { csvHeader, csvLine } from './csv.ts';
import type { LiveTail } from './live-tail.ts';
import { readFilter } from './log-filter.ts';
import { rangeMs, series, stepMs, totals } from './stats.ts';

const pageSize = 50;
const exportPage = 500;

const isCounts = Compile(
  Type.Object({ groups: Type.Record(Type.String(), Type.Record(Type.String(), Type.Integer())) }),
);

export interface QueryDeps {
  readonly store: LogStore;
  readonly tail: LiveTail;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly log: Logger;
  readonly deadLetters: DeadLetterStore;
}

/** The logsink's answers to the admin API. */
export function createHandlers(deps: QueryDeps): Handlers<typeof logsinkOperations> {
  const { store, tail, calls, clock, log } = deps;

  async function keysByState(group: string | undefined): Promise<{
    keys: Record<string, number>;
    keys_by_group: Record<string, Record<string, number>>;
  }> {
    try {
      const reply = await calls.call('keys.counts', {}, { timeoutMs: 2_000 });
      if (!isCounts.Check(reply)) throw new Error('keys.counts was answered in another shape');
      const asked = Object.entries(reply.groups).filter(
        ([name]) => group === undefined || group === name,
      );
      // Zeros say that there are none; nothing at all, below, that it is not known.
      const keys: Record<string, number> = { active: 0, cooling: 0, blacklisted: 0, disabled: 0 };
      for (const [, counts] of asked) {
        for (const [state, count] of Object.entries(counts))
          keys[state] = (keys[state] ?? 0) + count;
      }
      return { keys, keys_by_group: Object.fromEntries(asked) };
    } catch (error) {
      log.warn({ err: error }, 'keys by state are not known now');
      return { keys: {}, keys_by_group: {} };
    }
  }

  async function* exported(filter: LogFilter, format: 'csv' | 'ndjson'): AsyncGenerator<string> {
    if (format === 'csv') yield csvHeader;
    const line = format === 'csv' ? csvLine : (row: LogRow) => `${JSON.stringify(row)}\n`;
    let before: string | null = null;
    do {
      const page: LogPage = await store.find({ filter, before, limit: exportPage });
      yield page.rows.map(line).join('');
      before = page.next;
    } while (before !== null);
  }

  // Somebody who has the id of a request looks for that one.
  async function search(asked: LogSearch): Promise<LogPage> {
    const { text } = asked.filter;
    if (text === undefined || placeOf(text) === null) return store.find(asked);
    const row = await store.get(text);
    return row === null ? store.find(asked) : { rows: [row], next: null };
  }

  return {
    listLogs: async ({ query }) => {
      const read = readFilter(query);
      if (read.kind === 'wrong') return problem('invalid', { errors: read.errors });
      const { cursor = null, limit = pageSize } = query;
      const { rows, next } = await search({ filter: read.filter, before: cursor, limit });
      return { status: 200, body: { items: rows, next_cursor: next } };
    },
    getLog: async ({ params }) => {
      const row = await store.get(params.request_id);
      return row === null ? problem('not_found') : { status: 200, body: row };
    },
    exportLogs: async ({ query, res, signal }) => {
      const { format = 'ndjson', ...filters } = query;
      const read = readFilter(filters);
      if (read.kind === 'wrong') return problem('invalid', { errors: read.errors });
      res.writeHead(200, {
        'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
        'content-disposition': `attachment; filename="keymux-logs.${format}"`,
        'cache-control': 'no-store',
      });
      try {
        await pipeline(Readable.from(exported(read.filter, format)), res, { signal });
      } catch (error) {
        // Who asked has left; nobody needs the rest.
        if (!signal.aborted) throw error;
      }
      return 'handled';
    },
    tailLogs: async ({ query, res, identity }) => {
      const read = readFilter(query);
      if (read.kind === 'wrong') return problem('invalid', { errors: read.errors });
      await tail.watch(res, identity, read.filter);
      return 'handled';
    },
    statsOverview: async ({ query }) => {
      const range = query.range ?? '24h';
      const toMs = clock.now();
      const fromMs = toMs - rangeMs(range);
      const sums = await store.sums({ fromMs, toMs, stepMs: null, by: 'group', ...only(query) });
      return {
        status: 200,
        body: {
          range,
          from: new Date(fromMs).toISOString(),
          to: new Date(toMs).toISOString(),
          ...totals(sums),
          ...(await keysByState(query.group)),
          groups: sums.map((sum) => ({ group: sum.name, ...totals([sum]) })),
        },
      };
    },
    statsSeries: async ({ query }) => {
      const { metric, by = 'none', range = '24h' } = query;
      const toMs = clock.now();
      const step = stepMs(rangeMs(range));
      // Whole points only, but for the one that is not over yet.
      const fromMs = Math.ceil((toMs - rangeMs(range)) / step) * step;
      const sums = await store.sums({ fromMs, toMs, stepMs: step, by, ...only(query) });
      const apart = by !== 'none';
      return {
        status: 200,
        body: {
          metric,
          step_ms: step,
          series: series(sums, { metric, fromMs, toMs, step, apart }),
        },
      };
    },
    listDeadLetters: async ({ query }) => {
      const { items, next } = await deps.deadLetters.list(
        query.cursor ?? null,
        query.limit ?? pageSize,
      );
      return {
        status: 200,
        body: { items: [...items], next_cursor: next, total: await deps.deadLetters.count() },
      };
    },
  };
}

function only({ group }: { readonly group?: string }): { group?: string } {
  return group === undefined ? {} : { group };
}
