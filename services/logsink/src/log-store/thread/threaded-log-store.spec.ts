import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { createLogger } from '@keymux/service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { logStoreConformance } from '../conformance.ts';
import { rowAt, textOf } from '../row.fixture.ts';
import { startThread } from './start-thread.ts';
import { ThreadedLogStore } from './threaded-log-store.ts';

const lines: string[] = [];
const log = createLogger({
  service: 'test',
  level: 'info',
  format: 'json',
  write: (line) => void lines.push(line),
});

logStoreConformance('the log store on a thread', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'keymux-logs-'));
  const store = new ThreadedLogStore({ log, startThread: () => startThread({ directory }) });
  await store.open();
  return {
    store,
    close: async () => {
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});

const noon = Date.parse('2026-03-01T12:00:00Z');
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keymux-logs-'));
  lines.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('rejects what was under way when its thread dies, starts another and has every row', async () => {
  const threads: Worker[] = [];
  const thread = () => {
    const worker = startThread({ directory });
    threads.push(worker);
    return worker;
  };
  const store = new ThreadedLogStore({ log, startThread: thread });
  await store.open();
  await store.write(textOf([rowAt(noon)]));
  const underWay = store.write(textOf(Array.from({ length: 500 }, (_, at) => rowAt(noon + at))));
  const ended = threads[0]?.terminate();
  await expect(underWay).rejects.toHaveProperty('name', 'LogStoreGone');
  await expect(store.get('x')).rejects.toHaveProperty('name', 'LogStoreGone');
  await ended;
  await expect
    .poll(() => store.get(rowAt(noon).request_id).catch(() => null), { timeout: 10_000 })
    .toEqual(rowAt(noon));
  expect(threads).toHaveLength(2);
  expect(lines.filter((line) => line.includes('"level":40'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('"level":50'))).toEqual([]);
  await store.close();
});

it('says why it cannot open, and ends all the same', async () => {
  const store = new ThreadedLogStore({
    log,
    startThread: () => startThread({ directory: import.meta.filename }),
  });
  await expect(store.open()).rejects.toHaveProperty('name', 'StartProblem');
  await store.close();
});

it('leaves its process free while it writes and searches', async () => {
  const store = new ThreadedLogStore({ log, startThread: () => startThread({ directory }) });
  await store.open();
  const texts = Array.from({ length: 8 }, (_, batch) =>
    textOf(Array.from({ length: 1_000 }, (_unused, at) => rowAt(noon + batch * 1_000 + at))),
  );
  let turns = 0;
  let working = true;
  const work = Promise.all([
    ...texts.map((text) => store.write(text)),
    store.find({ filter: { text: 'nowhere' }, before: null, limit: 50 }),
  ]).finally(() => {
    working = false;
  });
  while (working) {
    turns += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await work;
  // On this thread it would have been one turn or two a batch.
  expect(turns).toBeGreaterThan(200);
  await store.close();
});
