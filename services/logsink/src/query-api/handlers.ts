import { once } from 'node:events';
import type { Calls, DeadLetterStore } from '@keymux/bus';
import type { logsinkOperations } from '@keymux/contracts';
import { type Clock, type Handlers, type Logger, problem } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { LogStore } from '../log-store/log-store.ts';
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

  async function keysByState(group: string | undefined): Promise<Record<string, number>> {
    const sums: Record<string, number> = {};
    try {
      const reply = await calls.call('keys.counts', {}, { timeoutMs: 2_000 });
      if (!isCounts.Check(reply)) throw new Error('keys.counts was answered in another shape');
      for (const [name, counts] of Object.entries(reply.groups)) {
        if (group !== undefined && group !== name) continue;
        for (const [state, count] of Object.entries(counts))
          sums[state] = (sums[state] ?? 0) + count;
      }
    } catch (error) {
      log.warn({ err: error }, 'keys by state are not known now');
    }
    return sums;
  }

  async function rollupsOf(range: string, group: string | undefined) {
    const toMs = clock.now();
    const fromMs = toMs - rangeMs(range);
    const all = await store.rollups(fromMs, toMs);
    return {
      fromMs,
      toMs,
      rollups: group === undefined ? all : all.filter((each) => each.group === group),
    };
  }

  return {
    listLogs: async ({ query }) => {
      const read = readFilter(query);
      if (read.kind === 'wrong') return problem('invalid', { errors: read.errors });
      const limit = query.limit ?? pageSize;
      const rows = await store.find(read.filter, query.cursor ?? null, limit + 1);
      const items = rows.slice(0, limit);
      const next = rows.length > limit ? (items.at(-1)?.request_id ?? null) : null;
      return { status: 200, body: { items: [...items], next_cursor: next } };
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
      if (format === 'csv') res.write(csvHeader);
      let before: string | null = null;
      while (!signal.aborted) {
        const rows = await store.find(read.filter, before, exportPage);
        for (const row of rows) {
          const line = format === 'csv' ? csvLine(row) : `${JSON.stringify(row)}\n`;
          if (!res.write(line)) await Promise.race([once(res, 'drain'), once(res, 'close')]);
        }
        before = rows.at(-1)?.request_id ?? null;
        if (rows.length < exportPage) break;
      }
      res.end();
      return 'handled';
    },
    tailLogs: async ({ query, res }) => {
      const read = readFilter(query);
      if (read.kind === 'wrong') return problem('invalid', { errors: read.errors });
      tail.watch(res, read.filter);
      return 'handled';
    },
    statsOverview: async ({ query }) => {
      const range = query.range ?? '24h';
      const { fromMs, toMs, rollups } = await rollupsOf(range, query.group);
      const byGroup = Map.groupBy(rollups, ({ group }) => group);
      return {
        status: 200,
        body: {
          range,
          from: new Date(fromMs).toISOString(),
          to: new Date(toMs).toISOString(),
          ...totals(rollups),
          keys: await keysByState(query.group),
          groups: Array.from(byGroup, ([group, list]) => ({ group, ...totals(list) })),
        },
      };
    },
    statsSeries: async ({ query }) => {
      const range = query.range ?? '24h';
      const { fromMs, toMs, rollups } = await rollupsOf(range, query.group);
      const step = stepMs(toMs - fromMs);
      const { metric, by = 'none' } = query;
      return {
        status: 200,
        body: {
          metric,
          step_ms: step,
          series: series(rollups, { metric, by, fromMs, toMs, step }),
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
