import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runProgram } from '@keymux/parts/program';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type Browser, type BrowserOptions, startBrowser } from './browser.ts';
import { type House, type HouseOptions, useHouse } from './house.ts';

const builder = fileURLToPath(new URL('../../web-admin/scripts/build.ts', import.meta.url));
const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);
/** A first build, and a Chromium that has to be fetched, take their time. */
const preparationMs = 600_000;
/** How long an element is waited for; only what never comes takes so long. */
const patienceMs = 30_000;

/** A house whose edge serves the console as it is now. */
export function useConsoleHouse(options: HouseOptions = {}): House {
  // Before the house opens: an edge reads the console once, as it starts.
  beforeAll(async () => {
    await runProgram(process.execPath, [builder]);
  }, preparationMs);
  return useHouse(options);
}

/** A person's browser, with the console in it. */
export interface Visitor {
  readonly page: Page;
  /** Goes to a path and waits until all that it loads is there. */
  open(path: string): Promise<void>;
  signIn(authKey?: string): Promise<void>;
  /** What axe finds on the page, a line a rule. */
  faults(): Promise<string[]>;
  /** Pixels that the page is wider than the window. */
  overhang(): Promise<number>;
  /** Presses Tab until what is focused has this name. */
  tabTo(name: string | RegExp): Promise<void>;
  /** A second page of the same person. */
  another(): Promise<Page>;
}

const focusedName = `(() => {
  const at = document.activeElement;
  const label = at?.getAttribute('aria-label') ?? at?.labels?.[0]?.querySelector('.label')?.textContent;
  return (label ?? at?.textContent ?? '').trim();
})()`;

/**
 * Opens a browser before the tests and closes it after. A test fails in whose time a page logged an error, broke the
 * content security policy or asked any other origin for anything.
 */
export function useBrowser(house: House, options: BrowserOptions = {}): Visitor {
  let browser: Browser | undefined;
  let page: Page | undefined;
  const improper: string[] = [];

  function watch(watched: Page): Page {
    watched.setDefaultTimeout(patienceMs);
    watched.on('pageerror', ({ message }) => improper.push(message));
    watched.on('console', (line) => {
      // The browser itself notes each answer that is no success, and each that never came.
      if (line.type() !== 'error' || line.text().startsWith('Failed to load resource')) return;
      improper.push(line.text());
    });
    watched.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol === 'data:' || protocol === 'blob:') return;
      if (origin !== house.keymux.url) improper.push(`asked ${request.url()}`);
    });
    return watched;
  }

  beforeAll(async () => {
    browser = await startBrowser(options);
    page = watch(browser.context.pages()[0] ?? (await browser.context.newPage()));
  }, preparationMs);
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => {
      const seen = await page?.evaluate<string>('document.body.innerText');
      process.stderr.write(`--- what stood on ${page?.url()}\n${seen?.slice(0, 3000)}\n---\n`);
    });
  });
  afterEach(() => {
    expect(improper.splice(0)).toEqual([]);
  });
  afterAll(() => browser?.close());

  const visitor: Visitor = {
    get page() {
      if (page === undefined) throw new Error('the browser is not open yet');
      return page;
    },
    async open(path) {
      await visitor.page.goto(house.keymux.url + path);
      await visitor.page.locator('h1, h2').first().waitFor();
      await visitor.page.locator('.bone').first().waitFor({ state: 'detached' });
    },
    async signIn(authKey = house.keymux.authKey) {
      await visitor.open('/sign-in');
      await visitor.page.getByLabel('Admin key').fill(authKey);
      await visitor.page.keyboard.press('Enter');
      await visitor.page.waitForURL('**/overview');
    },
    async faults() {
      // Not a script tag: the content security policy forbids it.
      await visitor.page.evaluate(axeSource);
      return visitor.page.evaluate<string[]>(
        `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
          .then(({ violations }) => violations.map(({ id, nodes }) =>
            id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`,
      );
    },
    overhang: () =>
      visitor.page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      ),
    async tabTo(name) {
      const passed: string[] = [];
      for (let presses = 0; presses < 120; presses += 1) {
        await visitor.page.keyboard.press('Tab');
        const focused = await visitor.page.evaluate<string>(focusedName);
        if (typeof name === 'string' ? focused === name : name.test(focused)) return;
        passed.push(focused.slice(0, 40));
      }
      throw new Error(`Tab never came to ${name}, but to ${passed.join(', ')}`);
    },
    async another() {
      if (browser === undefined) throw new Error('the browser is not open yet');
      return watch(await browser.context.newPage());
    },
  };
  return visitor;
}
