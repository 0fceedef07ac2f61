import { connect } from 'node:net';
import type { LogRow } from '@keymux/contracts';
import { logsinkOperations } from '@keymux/contracts';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { idOf, rowAt, textOf, tried } from './log-store/row.fixture.ts';
import { type RunningLogsink, runLogsink } from './running-logsink.fixture.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let running: RunningLogsink;
let nowMs = 0;
beforeEach(async () => {
  running = await runLogsink();
  nowMs = running.clock.nowMs;
});
afterEach(async () => {
  await running.stop();
  expect(running.lines.filter((line) => line.includes('"level":50'))).toEqual([]);
});

async function list(query: string): Promise<{ items: LogRow[]; next_cursor: string | null }> {
  const answer = await running.get(`/api/logs${query}`);
  expect(answer.status).toBe(200);
  const body = (await answer.json()) as { items: LogRow[]; next_cursor: string | null };
  expect(Value.Check(logsinkOperations.listLogs.responses[200], body)).toBe(true);
  return body;
}

async function json(path: string): Promise<unknown> {
  const answer = await running.get(path);
  expect(answer.status).toBe(200);
  return answer.json();
}

const statuses = (rows: readonly LogRow[]) => rows.map(({ status }) => status);

describe('the list of requests', () => {
  beforeEach(() =>
    running.publish([
      rowAt(nowMs - 5_000, { status: 200, group: 'main', aggregate: 'all' }),
      rowAt(nowMs - 4_000, {
        status: 429,
        at_fault: 'key',
        error: 'Rate limit reached',
        model: 'gpt-5',
        attempts: [tried('key-9')],
        upstream_request_id: 'req_42',
      }),
      rowAt(nowMs - 3_000, { status: 502, at_fault: 'upstream', group: 'spare' }),
      rowAt(nowMs - 2_000, { status: 499, at_fault: 'client', proxy_key: 'team' }),
      rowAt(nowMs - 1_000, { status: 401, at_fault: 'client', path: '/v1/models' }),
    ]),
  );

  it.each([
    ['', [401, 499, 502, 429, 200]],
    ['?group=spare', [502]],
    ['?group=all', [200]],
    ['?model=gpt-5', [429]],
    ['?status=499', [499]],
    ['?status=4xx', [401, 499, 429]],
    ['?outcome=ok', [200]],
    ['?outcome=error', [401, 499, 502, 429]],
    ['?outcome=client', [401, 499]],
    ['?outcome=key', [429]],
    ['?key=key-9', [429]],
    ['?proxy_key=team', [499]],
    ['?q=rate+LIMIT', [429]],
    ['?q=req_42', [429]],
    ['?q=%2Fmodels', [401]],
    ['?group=main&status=4xx&outcome=key', [429]],
    ['?group=nobody', []],
  ])('%s is answered with %j', async (query, wanted) => {
    expect(statuses((await list(query)).items)).toEqual(wanted);
  });

  it('keeps to a window of time, its end not in it', async () => {
    const at = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
    const query = `?from=${at(nowMs - 4_000)}&to=${at(nowMs - 2_000)}`;
    expect(statuses((await list(query)).items)).toEqual([502, 429]);
  });

  it('comes in pages', async () => {
    const first = await list('?limit=2');
    expect(statuses(first.items)).toEqual([401, 499]);
    const second = await list(`?limit=2&cursor=${first.next_cursor}`);
    expect(statuses(second.items)).toEqual([502, 429]);
    const third = await list(`?limit=2&cursor=${second.next_cursor}`);
    expect(statuses(third.items)).toEqual([200]);
    expect(third.next_cursor).toBeNull();
  });

  it('finds a request by its id, alone and as text to search', async () => {
    const id = idOf(nowMs - 3_000);
    expect(await json(`/api/logs/${id}`)).toMatchObject({ request_id: id, status: 502 });
    expect(statuses((await list(`?q=${id}`)).items)).toEqual([502]);
    expect((await running.get(`/api/logs/${idOf(nowMs)}`)).status).toBe(404);
    expect((await running.get('/api/logs/nothing')).status).toBe(404);
  });

  it.each([
    ['status=9xx', 'status'],
    ['outcome=bad', 'outcome'],
    ['from=yesterday', 'from'],
    ['to=', 'to'],
    ['limit=0', 'limit'],
    ['limit=5000', 'limit'],
    ['cursor=abc', 'cursor'],
    ['models=a', 'models'],
    [`q=${'x'.repeat(501)}`, 'q'],
  ])('refuses %s and names the field', async (query, field) => {
    const answer = await running.get(`/api/logs?${query}`);
    expect(answer.status).toBe(422);
    const problem = (await answer.json()) as { errors: { field: string }[] };
    expect(problem.errors.map((each) => each.field).join()).toContain(field);
  });

  it('is put off while the store or the bus is away, which is no error', async () => {
    running.store.gone = true;
    for (const path of ['/api/logs', '/api/dead-letters']) {
      const answer = await running.get(path);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    }
    running.store.gone = false;
    expect((await running.get('/api/logs')).status).toBe(200);
    expect(running.lines.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  it('is for admins only', async () => {
    for (const path of ['/api/logs', '/api/logs/export', '/api/logs/tail', '/api/stats/overview']) {
      expect((await running.get(path, { authorization: 'Bearer wrong' })).status).toBe(401);
    }
  });
});

describe('an export', () => {
  it('has every row that fits, as NDJSON and as CSV that a spreadsheet does not run', async () => {
    const rows = Array.from({ length: 1_203 }, (_, at) =>
      rowAt(nowMs - at * 1_000, { user_agent: at === 7 ? '=cmd("x")' : null, error: 'a "b",\nc' }),
    );
    await running.publish(rows);
    await running.publish([rowAt(nowMs + 1, { group: 'other' })]);
    const ndjson = await running.get('/api/logs/export?group=main');
    expect(ndjson.headers.get('content-type')).toContain('ndjson');
    expect(ndjson.headers.get('content-disposition')).toContain('keymux-logs.ndjson');
    const lines = (await ndjson.text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(rows);
    const csv = await (await running.get('/api/logs/export?group=main&format=csv')).text();
    expect(csv.split('\r\n')).toHaveLength(rows.length + 2);
    expect(csv).toContain('"a ""b"",\nc"');
    expect(csv).toContain(`"'=cmd(""x"")"`);
    expect((await running.get('/api/logs/export?format=xml')).status).toBe(422);
  });

  it('waits for a reader that is slow, and ends with one that leaves', async () => {
    const rows = Array.from({ length: 3_000 }, (_, at) =>
      rowAt(nowMs - at, { body: 'x'.repeat(5_000) }),
    );
    await running.publish(rows);
    const { port } = new URL(running.url);
    const before = process.memoryUsage().rss;
    const socket = connect(Number(port), '127.0.0.1');
    socket.pause();
    socket.write(
      'GET /api/logs/export HTTP/1.1\r\nhost: x\r\nauthorization: Bearer the-admin-key-of-the-tests\r\n\r\n',
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    socket.destroy();
    expect(statuses((await list('?limit=1')).items)).toEqual([200]);
  });
});

describe('the live tail', () => {
  it('tells rows that fit as they come, each once', async () => {
    const leave = new AbortController();
    const tail = await fetch(`${running.url}/api/logs/tail?outcome=error`, {
      headers: { authorization: 'Bearer the-admin-key-of-the-tests' },
      signal: leave.signal,
    });
    expect(tail.headers.get('content-type')).toContain('text/event-stream');
    let heard = '';
    const reading = (async () => {
      for await (const chunk of tail.body ?? []) heard += Buffer.from(chunk).toString();
    })().catch(() => 'left');
    running.store.failing = true;
    const published = running.publish([
      rowAt(nowMs),
      rowAt(nowMs + 1, { status: 500, at_fault: 'upstream' }),
    ]);
    await expect.poll(() => running.store.writes).toBeGreaterThan(2);
    running.store.failing = false;
    await published;
    await expect.poll(() => heard).toContain('"status":500');
    expect(heard.match(/^event: log$/gm)).toHaveLength(1);
    expect(heard).toContain(`id: ${idOf(nowMs + 1)}`);
    leave.abort();
    await reading;
  });
});

describe('the statistics', () => {
  beforeEach(async () => {
    const spread = (ageMs: number, count: number, changes: Partial<LogRow> = {}) =>
      Array.from({ length: count }, (_, at) =>
        rowAt(nowMs - ageMs + at, { duration_ms: 100, ttfb_ms: 50, ...changes }),
      );
    await running.publish([
      ...spread(10 * minuteMs, 6),
      ...spread(20 * minuteMs, 2, { status: 500, at_fault: 'upstream', duration_ms: 1_000 }),
      ...spread(5 * hourMs, 4, { group: 'spare', model: 'small', ttfb_ms: null }),
      ...spread(3 * dayMs, 3, { aggregate: 'all' }),
      ...spread(20 * dayMs, 5, { status: 499, at_fault: 'client' }),
    ]);
  });

  it.each([
    ['15m', 6, 0],
    ['1h', 8, 2],
    ['24h', 12, 2],
    ['7d', 15, 2],
    ['30d', 20, 2],
  ])('of %s count %i requests and %i errors', async (range, requests, errors) => {
    expect(await json(`/api/stats/overview?range=${range}`)).toMatchObject({
      range,
      requests,
      errors,
      error_rate: errors / requests,
      tokens_in: 10 * requests,
      tokens_out: 20 * requests,
      keys: { active: 5, cooling: 1, blacklisted: 1, disabled: 0 },
    });
  });

  it('tell percentiles, groups, and one group alone', async () => {
    const hour = await json('/api/stats/overview?range=1h');
    expect(hour).toMatchObject({ groups: [{ group: 'main', requests: 8, errors: 2 }] });
    const { latency_p50_ms, latency_p95_ms, ttfb_p50_ms } = hour as Record<string, number>;
    expect(Math.abs(Number(latency_p50_ms) - 100)).toBeLessThan(10);
    expect(Math.abs(Number(latency_p95_ms) - 1_000)).toBeLessThan(100);
    expect(Math.abs(Number(ttfb_p50_ms) - 50)).toBeLessThan(5);
    const week = (await json('/api/stats/overview?range=7d')) as { groups: { group: string }[] };
    expect(week.groups.map(({ group }) => group).toSorted()).toEqual(['all', 'main', 'spare']);
    expect(await json('/api/stats/overview?range=7d&group=main')).toMatchObject({
      requests: 11,
      keys: { active: 3 },
    });
    expect(await json('/api/stats/overview?range=7d&group=all')).toMatchObject({ requests: 3 });
    expect(await json('/api/stats/overview?range=1h&group=nobody')).toMatchObject({
      requests: 0,
      error_rate: 0,
      latency_p50_ms: null,
      // None, which is not the same as not known.
      keys: { active: 0, cooling: 0, blacklisted: 0, disabled: 0 },
    });
  });

  it.each([
    ['1h', minuteMs],
    ['24h', 15 * minuteMs],
    ['7d', hourMs],
    ['30d', 6 * hourMs],
    ['365d', 2 * dayMs],
  ])('over %s have a point each %i ms that add up', async (range, step) => {
    const { series, step_ms } = (await json(
      `/api/stats/series?metric=requests&by=none&range=${range}`,
    )) as { step_ms: number; series: { points: { time: string; value: number }[] }[] };
    expect(step_ms).toBe(step);
    const points = series[0]?.points ?? [];
    expect(points.length).toBeLessThanOrEqual(201);
    const total = points.reduce((sum, { value }) => sum + value, 0);
    expect(total).toBe({ '1h': 8, '24h': 12, '7d': 15, '30d': 20, '365d': 20 }[range]);
    for (const [at, { time }] of points.entries()) {
      expect(Date.parse(time) - Date.parse(points[0]?.time ?? '')).toBe(at * step);
    }
  });

  it.each([
    ['group', ['main', 'spare', 'all'].toSorted()],
    ['model', ['gpt-4.1', 'small']],
    ['status', ['200', '500']],
  ])('by %s are a series each', async (by, names) => {
    for (const metric of ['requests', 'errors', 'latency_p95_ms', 'tokens_in']) {
      const { series } = (await json(`/api/stats/series?metric=${metric}&by=${by}&range=7d`)) as {
        series: { name: string; points: { value: number | null }[] }[];
      };
      expect(series.map(({ name }) => name).toSorted()).toEqual(names);
      expect(series.every(({ points }) => points.some(({ value }) => value !== null))).toBe(true);
    }
  });

  it.each(['metric=speed', 'metric=requests&by=path', 'metric=requests&range=soon', ''])(
    'refuse ?%s',
    async (query) => {
      expect((await running.get(`/api/stats/series?${query}`)).status).toBe(422);
    },
  );
});

describe('what comes off the bus', () => {
  it('is acknowledged when the store has it, and tried again until then', async () => {
    running.store.failing = true;
    let acknowledged = false;
    const published = running.publish([rowAt(nowMs)]).then(() => {
      acknowledged = true;
    });
    // More tries than a message has elsewhere: the store may be away for long.
    await expect.poll(() => running.store.writes, { timeout: 10_000 }).toBeGreaterThan(15);
    expect(acknowledged).toBe(false);
    running.store.failing = false;
    await published;
    expect((await list('')).items).toHaveLength(1);
    expect(running.parked).toEqual([]);
  });

  it('becomes a dead letter row by row: the rest of the batch is written', async () => {
    const text = [textOf([rowAt(nowMs)]), '{"torn', textOf([rowAt(nowMs + 1)])].join('\n');
    await running.publish(text);
    expect((await list('')).items).toHaveLength(2);
    expect(running.parked).toMatchObject([
      { stream: 'REQUEST_LOGS', message: { data: '{"torn' }, reason: 'is not JSON' },
    ]);
  });

  it('is parked whole when it is no batch of rows', async () => {
    const message = {
      id: 'm',
      type: 't',
      version: 1,
      time: '',
      source: 's',
      subject: 'log.request.main',
      data: { rows: 7 },
    };
    await running.bus.publish('REQUEST_LOGS', message);
    expect(running.parked).toMatchObject([{ message: { id: 'm' } }]);
  });

  it('waits for a batch to fill or the interval to end, and not when the setting becomes 0', async () => {
    const slow = await runLogsink({ intervalMinutes: 60 });
    await slow.set({ request_log_write_interval_minutes: 60 });
    const published = slow.publish([rowAt(nowMs)]);
    const [one] = await Promise.all([
      slow
        .publish(Array.from({ length: 1_000 }, (_, at) => rowAt(nowMs + 1 + at)))
        .then(() => slow.store.writes),
      published,
    ]);
    expect(one).toBe(1);
    const waiting = slow.publish([rowAt(nowMs + 5_000)]);
    await slow.set({ request_log_write_interval_minutes: 0 });
    await waiting;
    expect(slow.store.writes).toBe(2);
    await slow.stop();
  });

  it('is kept as long as the setting says, by whole days', async () => {
    await running.publish([rowAt(nowMs - 1), rowAt(nowMs - 3 * dayMs), rowAt(nowMs - 9 * dayMs)]);
    await expect.poll(async () => (await list('')).items.length).toBe(3);
    await running.set({ request_log_retention_days: 7 });
    await expect.poll(async () => (await list('')).items.length).toBe(2);
    await running.set({ request_log_retention_days: 1 });
    await expect.poll(async () => (await list('')).items.length).toBe(1);
    expect(await json('/api/stats/overview?range=30d')).toMatchObject({ requests: 3 });
  });

  it('is written before the service ends', async () => {
    const slow = await runLogsink({ intervalMinutes: 60 });
    await slow.set({ request_log_write_interval_minutes: 60 });
    const published = slow.publish([rowAt(nowMs)]);
    await slow.stop();
    await published;
    expect(slow.store.writes).toBe(1);
  });

  it('is counted in the metrics', async () => {
    await running.publish([rowAt(nowMs), rowAt(nowMs)]);
    const text = await running.logsink.registry.metrics();
    expect(text).toContain('keymux_log_rows_total{result="written",service="logsink"} 1');
    expect(text).toContain('keymux_log_rows_total{result="duplicate",service="logsink"} 1');
    expect(text).toMatch(/keymux_log_bytes\{service="logsink"\} \d{4,}/);
  });
});
