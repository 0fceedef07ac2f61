import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '@keymux/parts/program';
import { createLogStore } from '@keymux/logsink';
import { createLogger } from '@keymux/service';
import type { Page } from 'playwright-core';
import { startBrowser } from '../e2e/product/browser.ts';
import { startKeymux } from '../e2e/product/keymux.ts';
import { fillLogs } from './fill-logs.ts';

// What a person waits for after choosing a filter of the logs, beside what the API itself takes for the same answer.

const rows = Number(process.env['ROWS'] ?? 5_000_000);
const rounds = 7;
const days = 7;
const dayMs = 86_400_000;
/** As the console asks. */
const pageSize = 50;
const builder = fileURLToPath(new URL('../web-admin/scripts/build.ts', import.meta.url));

/** A filter as the API takes it, and how a person sets it: a field of the page by its name, and what goes in. */
interface Choice {
  readonly what: string;
  readonly query: string;
  readonly field: string;
  readonly value: string;
}

const choices: readonly Choice[] = [
  { what: 'group', query: 'group=main', field: 'Group', value: 'main' },
  { what: 'group with 50 rows', query: 'group=rare', field: 'Group', value: 'rare' },
  { what: 'outcome error', query: 'outcome=error', field: 'Outcome', value: 'error' },
  { what: 'outcome gateway', query: 'outcome=gateway', field: 'Outcome', value: 'gateway' },
  { what: 'status 429', query: 'status=429', field: 'Status', value: '429' },
  { what: 'model', query: 'model=gpt-5-mini', field: 'Model', value: 'gpt-5-mini' },
  { what: 'model with 5 rows', query: 'model=rare-model', field: 'Model', value: 'rare-model' },
  { what: 'key (of 1,000)', query: 'key=key-7', field: 'Key id', value: 'key-7' },
  { what: 'key that is not there', query: 'key=none', field: 'Key id', value: 'none' },
  { what: 'proxy key', query: 'proxy_key=team-3', field: 'Proxy key', value: 'team-3' },
  { what: 'text in 2 % of rows', query: 'q=rate+limit', field: 'Search', value: 'rate limit' },
];

interface Answered {
  readonly ms: number;
  readonly ids: readonly string[];
}

// Both run in the page, whose clock is the same for both; nothing of this file is there.
const askApi = (query: string): string => `(async () => {
  const beganMs = performance.now();
  const answer = await (await fetch('/api/logs?limit=${pageSize}&${query}')).json();
  return { ms: performance.now() - beganMs, ids: answer.items.map((row) => row.request_id) };
})()`;

const choose = (
  { field, value }: Choice,
  ids: readonly string[],
): string => `new Promise((done, failed) => {
  const fields = [...document.querySelectorAll('[role=search] input, [role=search] select')];
  const named = (each) =>
    each.getAttribute('aria-label') ?? each.closest('label')?.querySelector('.sr-only')?.textContent;
  const field = fields.find((each) => named(each)?.trim() === ${JSON.stringify(field)});
  const wanted = ${JSON.stringify(ids)}.join();
  const shown = () => {
    const links = [...document.querySelectorAll('tbody a.when')];
    if (wanted === '') return links.length === 0 && document.querySelector('km-empty, .end') !== null;
    return links.map((each) => each.getAttribute('href').slice('/logs/'.length)).join() === wanted;
  };
  const late = setTimeout(() => failed(new Error('the rows never came')), 20000);
  const watch = new MutationObserver(() => {
    if (!shown()) return;
    watch.disconnect();
    clearTimeout(late);
    // Painted with the frame after this one.
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - beganMs)));
  });
  watch.observe(document.body, { childList: true, subtree: true });
  const beganMs = performance.now();
  field.value = ${JSON.stringify(value)};
  field.dispatchEvent(new Event('change', { bubbles: true }));
})`;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function measure(page: Page, url: string): Promise<string[]> {
  const lines: string[] = [];
  for (const choice of choices) {
    const [asked, seen]: [number[], number[]] = [[], []];
    let found = 0;
    for (let round = 0; round < rounds; round += 1) {
      await page.goto(`${url}/logs`);
      await page
        .locator('tbody tr')
        .nth(pageSize - 1)
        .waitFor();
      const answer = await page.evaluate<Answered>(askApi(choice.query));
      seen.push(await page.evaluate<number>(choose(choice, answer.ids)));
      asked.push(answer.ms);
      found = answer.ids.length;
    }
    const [api, shown] = [median(asked), median(seen)];
    lines.push(
      `| ${choice.what} | ${api.toFixed(0)} ms | ${shown.toFixed(0)} ms | ${(shown - api).toFixed(0)} ms | ${Math.max(...seen).toFixed(0)} ms | ${found} |`,
    );
  }
  return lines;
}

const dataDir = mkdtempSync(join(tmpdir(), 'keymux-bench-console-logs-'));
try {
  await runProgram(process.execPath, [builder]);
  const log = createLogger({ service: 'bench', level: 'warn', format: 'text' });
  const store = createLogStore({ kind: 'directory', path: join(dataDir, 'logs') }, { log });
  await store.open();
  const endMs = Math.floor(Date.now() / 60_000) * 60_000;
  const seconds = await fillLogs(store, { rows, startMs: endMs - days * dayMs, endMs });
  await store.close();

  const keymux = await startKeymux({ dataDir, env: { REQUEST_LOG_RETENTION_DAYS: '0' } });
  const browser = await startBrowser();
  try {
    const upstreams = [{ url: 'http://127.0.0.1:9', weight: 1 }];
    for (const name of ['main', 'rare']) {
      await keymux.api.addGroup({ name, channel: 'openai', upstreams });
    }
    const page = browser.context.pages()[0] ?? (await browser.context.newPage());
    await page.goto(`${keymux.url}/sign-in`);
    await page.getByLabel('Admin key').fill(keymux.authKey);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/overview');
    const lines = await measure(page, keymux.url);
    process.stdout.write(
      [
        `${rows.toLocaleString('en')} rows of ${days} days, written in ${seconds.toFixed(0)} s; medians of ${rounds}.`,
        '',
        '| filter | the API | shown and painted | more | longest | rows |',
        '| --- | --- | --- | --- | --- | --- |',
        ...lines,
        '',
      ].join('\n'),
    );
  } finally {
    await browser.close();
    await keymux.close();
  }
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
