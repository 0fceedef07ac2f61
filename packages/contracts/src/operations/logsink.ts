import { Type } from 'typebox';
import { AtFaultSchema, LogRowSchema } from '../log-row.ts';
import type { Operation } from '../operation.ts';
import { listOf, page, query } from './lists.ts';

const filters = {
  group: Type.Optional(Type.String({ maxLength: 100 })),
  model: Type.Optional(Type.String({ maxLength: 200 })),
  status: Type.Optional(
    Type.String({ pattern: '^([1-5][0-9][0-9]|[1-5]xx)$', description: '429 or 4xx' }),
  ),
  outcome: Type.Optional(
    Type.Union([Type.Enum(['ok', 'error']), AtFaultSchema], {
      description: 'ok, error, or who erred',
    }),
  ),
  key: Type.Optional(Type.String({ maxLength: 100, description: 'key id' })),
  proxy_key: Type.Optional(Type.String({ maxLength: 200 })),
  q: Type.Optional(
    Type.String({
      maxLength: 500,
      description:
        "text in path, user agent or error; the upstream's id of a failed request; a request id",
    }),
  ),
  from: Type.Optional(Type.String({ description: 'ISO 8601' })),
  to: Type.Optional(Type.String({ description: 'ISO 8601' })),
};

export const StatsRangeSchema = Type.String({
  pattern: '^[1-9][0-9]{0,3}[mhd]$',
  description: '15m, 1h, 24h, 7d',
});

const totals = {
  requests: Type.Integer(),
  errors: Type.Integer(),
  error_rate: Type.Number(),
  latency_p50_ms: Type.Union([Type.Number(), Type.Null()]),
  latency_p95_ms: Type.Union([Type.Number(), Type.Null()]),
  ttfb_p50_ms: Type.Union([Type.Number(), Type.Null()]),
  ttfb_p95_ms: Type.Union([Type.Number(), Type.Null()]),
  tokens_in: Type.Integer(),
  tokens_out: Type.Integer(),
};

export const LogFiltersSchema = query(filters);

/** The logsink's part of the admin API. */
export const logsinkOperations = {
  listLogs: {
    id: 'listLogs',
    owner: 'logsink',
    method: 'GET',
    path: '/api/logs',
    summary:
      'Request logs, newest first. A search of many rows may stop early: go on while there is a next_cursor.',
    tag: 'logs',
    auth: 'admin',
    query: query({ ...page, ...filters }),
    responses: { 200: listOf(LogRowSchema) },
  },
  exportLogs: {
    id: 'exportLogs',
    owner: 'logsink',
    method: 'GET',
    path: '/api/logs/export',
    summary: 'Request logs as CSV or NDJSON, streamed.',
    tag: 'logs',
    auth: 'admin',
    query: query({ ...filters, format: Type.Optional(Type.Enum(['csv', 'ndjson'])) }),
    responses: { 200: 'ndjson' },
  },
  tailLogs: {
    id: 'tailLogs',
    owner: 'logsink',
    method: 'GET',
    path: '/api/logs/tail',
    summary: 'Requests as they end, as server-sent events.',
    tag: 'logs',
    auth: 'admin',
    query: LogFiltersSchema,
    responses: { 200: 'sse' },
  },
  getLog: {
    id: 'getLog',
    owner: 'logsink',
    method: 'GET',
    path: '/api/logs/{request_id}',
    summary: 'One request.',
    tag: 'logs',
    auth: 'admin',
    params: Type.Object({ request_id: Type.String({ minLength: 1, maxLength: 100 }) }),
    responses: { 200: LogRowSchema },
  },
  statsOverview: {
    id: 'statsOverview',
    owner: 'logsink',
    method: 'GET',
    path: '/api/stats/overview',
    summary: 'Requests, errors, latency percentiles, tokens, keys by state.',
    tag: 'stats',
    auth: 'admin',
    query: query({
      range: Type.Optional(StatsRangeSchema),
      group: Type.Optional(Type.String({ maxLength: 100 })),
    }),
    responses: {
      200: Type.Object({
        range: Type.String(),
        from: Type.String(),
        to: Type.String(),
        ...totals,
        keys: Type.Record(Type.String(), Type.Integer()),
        keys_by_group: Type.Record(Type.String(), Type.Record(Type.String(), Type.Integer())),
        groups: Type.Array(Type.Object({ group: Type.String(), ...totals })),
      }),
    },
  },
  statsSeries: {
    id: 'statsSeries',
    owner: 'logsink',
    method: 'GET',
    path: '/api/stats/series',
    summary: 'One metric over time, one series a group, model or status.',
    tag: 'stats',
    auth: 'admin',
    query: query({
      metric: Type.Enum([
        'requests',
        'errors',
        'latency_p50_ms',
        'latency_p95_ms',
        'ttfb_p50_ms',
        'ttfb_p95_ms',
        'tokens_in',
        'tokens_out',
      ]),
      by: Type.Optional(Type.Enum(['none', 'group', 'model', 'status'])),
      range: Type.Optional(StatsRangeSchema),
      group: Type.Optional(Type.String({ maxLength: 100 })),
    }),
    responses: {
      200: Type.Object({
        metric: Type.String(),
        step_ms: Type.Integer(),
        series: Type.Array(
          Type.Object({
            name: Type.String(),
            points: Type.Array(
              Type.Object({ time: Type.String(), value: Type.Union([Type.Number(), Type.Null()]) }),
            ),
          }),
        ),
      }),
    },
  },
  listDeadLetters: {
    id: 'listDeadLetters',
    owner: 'logsink',
    method: 'GET',
    path: '/api/dead-letters',
    summary: 'Messages that could not be read, newest first.',
    tag: 'logs',
    auth: 'admin',
    query: query(page),
    responses: {
      200: listOf(
        Type.Object({
          id: Type.String(),
          stream: Type.String(),
          subject: Type.String(),
          time: Type.String(),
          reason: Type.String(),
        }),
      ),
    },
  },
} as const satisfies Record<string, Operation>;
