import type { LogRow } from '@keymux/contracts';

/** The id of the nth request of a millisecond. */
export function idOf(timeMs: number, nth = 0): string {
  const time = timeMs.toString(16).padStart(12, '0');
  const [high, low] = [Math.floor(nth / 2 ** 14), nth % 2 ** 14];
  const tie = `7${high.toString(16).padStart(3, '0')}-${(0x8000 + low).toString(16)}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-${tie}-000000000000`;
}

/** A good request of a time, changed where a test wants it. */
export function rowAt(timeMs: number, changes: Partial<LogRow> = {}): LogRow {
  return {
    request_id: idOf(timeMs),
    time: new Date(timeMs).toISOString(),
    group: 'main',
    aggregate: null,
    channel: 'openai',
    proxy_key: 'global',
    method: 'POST',
    path: '/v1/chat/completions',
    model: 'gpt-4.1',
    model_sent: 'gpt-4.1',
    streaming: false,
    status: 200,
    at_fault: null,
    error: null,
    attempts: [tried('key-1')],
    ttfb_ms: 80,
    duration_ms: 120,
    bytes_in: 300,
    bytes_out: 900,
    tokens: { input: 10, output: 20, cached: null, reasoning: null },
    source_ip: '127.0.0.1',
    user_agent: 'OpenAI/JS',
    revision: 1,
    trace_id: null,
    upstream_request_id: 'req_1',
    ...changes,
  };
}

/** An attempt with a key. */
export function tried(keyId: string): LogRow['attempts'][number] {
  return {
    key_id: keyId,
    key: 'sk-…wxyz',
    upstream: 'https://api.example.com',
    status: 200,
    verdict: 'success',
    rule: 'success',
    ms: 100,
  };
}

/** Rows as the bus brings them. */
export function textOf(rows: readonly LogRow[]): string {
  return rows.map((row) => JSON.stringify(row)).join('\n');
}
