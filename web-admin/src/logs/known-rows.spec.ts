import { describe, expect, it } from 'vitest';
import type { LogRow } from '../api/generated.ts';
import { mergeRows } from './known-rows.ts';

const row = (id: string, second: number): LogRow => ({
  request_id: id,
  time: `2026-03-01T12:00:0${second}.000Z`,
  group: 'main',
  aggregate: null,
  channel: 'openai',
  proxy_key: null,
  method: 'POST',
  path: '/proxy/main/v1/chat/completions',
  model: null,
  model_sent: null,
  streaming: false,
  status: 200,
  at_fault: null,
  error: null,
  attempts: [],
  ttfb_ms: null,
  duration_ms: 1,
  bytes_in: 0,
  bytes_out: 0,
  tokens: { input: null, output: null, cached: null, reasoning: null },
  source_ip: '127.0.0.1',
  user_agent: null,
  revision: 1,
  trace_id: null,
});
const ids = (rows: readonly LogRow[]) => rows.map(({ request_id }) => request_id);

describe('rows of the logs', () => {
  it('stand newest first, whichever came first', () => {
    expect(ids(mergeRows([row('b', 2)], [row('a', 1), row('c', 3)]))).toEqual(['c', 'b', 'a']);
  });

  it('stand once, though the tail and the list both told them', () => {
    expect(ids(mergeRows([row('a', 1), row('b', 2)], [row('a', 1)]))).toEqual(['b', 'a']);
  });

  it('of one moment keep one order', () => {
    const rows = [row('a', 1), row('b', 1)];
    expect(ids(mergeRows([], rows))).toEqual(ids(mergeRows([], rows.toReversed())));
  });

  it('are the newest when there are too many', () => {
    expect(ids(mergeRows([row('a', 1), row('b', 2)], [row('c', 3)], 2))).toEqual(['c', 'b']);
  });

  it('stay what they are when nothing came', () => {
    const rows = [row('a', 1)];
    expect(mergeRows(rows, [])).toBe(rows);
  });
});
