import { fileURLToPath } from 'node:url';
import { keymanagerOperations } from '@keymux/contracts';
import { runProgram } from '@keymux/parts/program';
import type { Page } from 'playwright-core';
import { startBrowser } from '../e2e/product/browser.ts';
import { startKeymux } from '../e2e/product/keymux.ts';
import { type Frames, recordFrames, scrollBy, summary } from './frames.ts';

const count = Number(process.env['KEYS'] ?? 100_000);
const name = 'many';
const builder = fileURLToPath(new URL('../web-admin/scripts/build.ts', import.meta.url));
const patienceMs = 120_000;
const digits = (n: number): string => n.toLocaleString('en');

interface Row {
  readonly what: string;
  readonly ms: number | null;
  readonly frames: Frames | null;
  readonly note: string;
}

await runProgram(process.execPath, [builder]);
const keymux = await startKeymux();
const browser = await startBrowser();
const rows: Row[] = [];

/** How long until something stands on the page and is painted, ms. */
async function timed(what: string, work: () => Promise<unknown>, note = ''): Promise<void> {
  const beganMs = performance.now();
  await work();
  rows.push({ what, ms: performance.now() - beganMs, frames: null, note });
}

async function framed(what: string, frames: Promise<Frames>, note = ''): Promise<void> {
  rows.push({ what, ms: null, frames: await frames, note });
}

async function measure(page: Page): Promise<void> {
  page.setDefaultTimeout(patienceMs);
  await page.goto(`${keymux.url}/sign-in`);
  await page.getByLabel('Admin key').waitFor();
  await framed('nothing at all: the machine itself', recordFrames(page, 300));
  await page.getByLabel('Admin key').fill(keymux.authKey);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/overview');

  const row = page.locator('km-key-table .scroller [role=row]').first();
  const total = (n: number) => page.getByText(`${digits(n)} keys`, { exact: true }).waitFor();
  await timed('open the page', async () => {
    await page.goto(`${keymux.url}/groups/${name}/keys`);
    await total(count);
    await row.waitFor();
  });
  const loaded = (): Promise<string> =>
    page.evaluate(
      `String(Math.round(document.querySelector('km-key-table .scroller').scrollHeight / 40))`,
    );
  await framed('scroll 3 rows a frame', scrollBy(page, 120, 600));
  await framed('scroll a screen a frame', scrollBy(page, 720, 600));
  await framed('scroll back a screen a frame', scrollBy(page, -720, 600));
  const known = `with ${digits(Number(await loaded()))} keys loaded`;

  const all = page.getByLabel('Select all that match');
  const bar = page.getByRole('toolbar');
  await timed(
    'select all',
    async () => {
      await all.check();
      await bar.getByText(`${digits(count)} selected`).waitFor();
    },
    known,
  );
  await framed('scroll with all selected', scrollBy(page, 720, 300));
  await all.uncheck();

  const states = page.getByRole('group', { name: 'State' });
  await timed('filter by a state', async () => {
    await states.getByText('Disabled').click();
    await total(0);
  });
  await timed('and back', async () => {
    await states.getByText('All', { exact: true }).click();
    await total(count);
    await row.waitFor();
  });
  const search = page.getByRole('searchbox');
  await timed('find a key by its end', async () => {
    await search.fill(secret(count - 7).slice(-8));
    await search.press('Enter');
    await page.getByText('1 key', { exact: true }).waitFor();
  });
  await search.fill('');
  await search.press('Enter');
  await total(count);
  await timed('sort by requests', async () => {
    await page.getByRole('button', { name: 'Requests' }).click();
    await page.locator('[aria-sort=descending]').waitFor();
    await row.waitFor();
  });

  await all.check();
  const steps = new Set<string>();
  const frames = recordFrames(page, 600);
  await timed('disable all', async () => {
    await bar.getByRole('button', { name: 'Disable' }).click();
    const tray = page.getByRole('region', { name: 'Tasks' });
    await tray.locator('li').first().filter({ hasText: 'Disable' }).waitFor();
    for (;;) {
      const text = (await tray.locator('li').first().textContent()) ?? '';
      steps.add(text.replaceAll(/\s+/g, ' '));
      if (text.includes('Done')) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  rows.push({ ...last(), note: `${steps.size} steps of its progress were seen` });
  await framed('frames while it runs', frames);
  await timed('until the list shows it', async () => {
    await page
      .locator('km-key-table .scroller .badge')
      .filter({ hasText: 'Disabled' })
      .first()
      .waitFor();
  });
}

function last(): Row {
  const row = rows.pop();
  if (row === undefined) throw new Error('nothing was measured');
  return row;
}

const secret = (n: number): string => `sk-many-${String(n).padStart(24, '0')}`;

try {
  const upstreams = [{ url: 'http://127.0.0.1:9', weight: 1 }];
  await keymux.api.addGroup({ name, channel: 'openai', upstreams });
  await keymux.api.importKeys(
    name,
    Array.from({ length: count }, (_, n) => secret(n)),
  );
  const listed = await keymux.api.call(keymanagerOperations.listKeys, { params: { name } });
  if (listed.total !== count) throw new Error(`${listed.total} keys were imported`);
  await measure(browser.context.pages()[0] ?? (await browser.context.newPage()));
  const table = [
    '| with ' +
      digits(count) +
      ' keys | time | frames: median / p99 / longest | late | work a frame | |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ what, ms, frames, note }) =>
        `| ${what} | ${ms === null ? '' : `${ms.toFixed(0)} ms`} | ${frames === null ? ' | | ' : summary(frames)} | ${note} |`,
    ),
  ].join('\n');
  process.stdout.write(`${table}\n`);
} finally {
  await browser.close();
  await keymux.close();
}
