import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { createLogStore, type LogFilter, type SumQuery } from '@keymux/logsink';
import { createLogger } from '@keymux/service';
import { fillLogs } from './fill-logs.ts';
import { logBatch, rareId } from './log-rows.ts';

const rows = Number(process.env['ROWS'] ?? 5_000_000);
const days = 7;
const batch = 1_000;
const dayMs = 86_400_000;
const rounds = 5;

const directory = mkdtempSync(join(tmpdir(), 'keymux-bench-logs-'));
const log = createLogger({ service: 'bench', level: 'warn', format: 'text' });
const store = createLogStore({ kind: 'directory', path: directory }, { log });
const endMs = Math.floor(Date.now() / 60_000) * 60_000;
const startMs = endMs - days * dayMs;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

interface Measured {
  readonly name: string;
  readonly medianMs: number;
  readonly worstMs: number;
  readonly found: string;
}

async function measure(name: string, work: () => Promise<string>): Promise<Measured> {
  const times: number[] = [];
  let found = '';
  for (let round = 0; round < rounds; round += 1) {
    const beganMs = performance.now();
    found = await work();
    times.push(performance.now() - beganMs);
  }
  return { name, medianMs: median(times), worstMs: Math.max(...times), found };
}

const hour = { fromMs: startMs + 2 * dayMs, toMs: startMs + 2 * dayMs + 3_600_000 };
const searches: readonly [string, LogFilter][] = [
  ['no filter', {}],
  ['group', { group: 'main' }],
  ['group, 50 rows in all', { group: 'rare' }],
  ['aggregate group', { group: 'all' }],
  ['model', { model: 'gpt-5-mini' }],
  ['model, 5 rows in all', { model: 'rare-model' }],
  ['status 429', { status: { exact: 429 } }],
  ['status 5xx', { status: { class: 5 } }],
  ['outcome error', { outcome: 'error' }],
  ['outcome gateway', { outcome: 'gateway' }],
  ['key (of 1,000)', { keyId: 'key-7' }],
  ['key that is not there', { keyId: 'key-none' }],
  ['proxy key', { proxyKey: 'team-3' }],
  ['group + status', { group: 'main', status: { exact: 401 } }],
  ['group + model that never meet', { group: 'claude', model: 'gpt-5-mini' }],
  [
    'group + model + outcome + proxy key',
    { group: 'main', model: 'gpt-5', outcome: 'upstream', proxyKey: 'team-1' },
  ],
  ['key + status', { keyId: 'key-7', status: { exact: 500 } }],
  ['one hour five days ago', hour],
  ['one hour + group + status', { ...hour, group: 'main', status: { class: 4 } }],
  ['text in most rows', { text: 'chat/completions' }],
  ['text in 2 % of rows', { text: 'rate limit' }],
  ['text in one row of the first day', { text: rareId }],
  ['text that is nowhere', { text: 'no such text' }],
  ['text + group', { text: 'overloaded', group: 'gemini' }],
  ['text + key', { text: 'timeout', keyId: 'key-7' }],
];

const range = (ms: number): Pick<SumQuery, 'fromMs' | 'toMs'> => ({
  fromMs: endMs - ms,
  toMs: endMs,
});
const sums: readonly [string, SumQuery][] = [
  ['overview 1 h', { ...range(3_600_000), stepMs: null, by: 'group' }],
  ['overview 24 h', { ...range(dayMs), stepMs: null, by: 'group' }],
  ['overview 30 d', { ...range(30 * dayMs), stepMs: null, by: 'group' }],
  ['series 1 h by model', { ...range(3_600_000), stepMs: 60_000, by: 'model' }],
  ['series 24 h by group', { ...range(dayMs), stepMs: 900_000, by: 'group' }],
  ['series 7 d by status', { ...range(7 * dayMs), stepMs: 3_600_000, by: 'status' }],
  ['series 30 d by model', { ...range(30 * dayMs), stepMs: 6 * 3_600_000, by: 'model' }],
];

async function search(filter: LogFilter): Promise<string> {
  const page = await store.find({ filter, before: null, limit: 50 });
  return `${page.rows.length}${page.rows.length < 50 && page.next !== null ? ', goes on' : ''}`;
}

/** A search to its end or its first 50 rows, whatever pages it takes. */
async function searchOn(filter: LogFilter): Promise<string> {
  let [found, calls] = [0, 0];
  let before: string | null = null;
  do {
    const page = await store.find({ filter, before, limit: 50 - found });
    found += page.rows.length;
    before = page.next;
    calls += 1;
  } while (before !== null && found < 50);
  return `${found} in ${calls} calls`;
}

try {
  await store.open();
  const seconds = await fillLogs(store, { rows, startMs, endMs });
  const stalls = monitorEventLoopDelay({ resolution: 5 });
  stalls.enable();
  const measured: Measured[] = [];
  for (const [name, filter] of searches) {
    const one = await measure(name, () => search(filter));
    measured.push(one);
    if (one.found.includes('goes on')) {
      measured.push(await measure(`${name}, to the end`, () => searchOn(filter)));
    }
  }
  for (const [name, query] of sums) {
    measured.push(await measure(name, async () => `${(await store.sums(query)).length} sums`));
  }
  const page = async () =>
    `${(await store.find({ filter: {}, before: null, limit: 500 })).rows.length}`;
  measured.push(await measure('a page of an export (500 rows)', page));
  const newRows = (): string =>
    logBatch({ at: randomInt(rows), count: batch, rows, startMs: endMs, endMs: endMs + dayMs });
  measured.push(
    await measure(
      'writing 1,000 rows',
      async () => `${(await store.write(newRows())).written} rows`,
    ),
  );
  stalls.disable();
  const table = [
    '| query | median | worst | found |',
    '| --- | --- | --- | --- |',
    ...measured.map(
      ({ name, medianMs, worstMs, found }) =>
        `| ${name} | ${medianMs.toFixed(1)} ms | ${worstMs.toFixed(1)} ms | ${found} |`,
    ),
  ].join('\n');
  const gib = ((await store.sizeBytes()) / 1024 ** 3).toFixed(1);
  const summary = `${rows.toLocaleString('en')} rows of ${days} days, written in ${seconds.toFixed(0)} s (${Math.round((seconds / rows) * 1e6)} µs a row), ${gib} GiB; ${availableParallelism()} cores. The longest stall of the asking process during all queries: ${(stalls.max / 1e6).toFixed(0)} ms.`;
  process.stdout.write(`${summary}\n\n${table}\n`);
  if (process.argv.includes('--write')) {
    writeFileSync(
      fileURLToPath(new URL('../docs/log-queries.md', import.meta.url)),
      `# How long questions about the logs take

\`npm run bench:logs\` fills the embedded log store and asks for the last 50 rows with each filter,
${rounds} times each. The aim is 50 ms, the bound 200 ms. A search that takes longer than 150 ms answers
with what it has and a cursor that goes on.

${summary}

${table}
`,
    );
  }
} finally {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
}
