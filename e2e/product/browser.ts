import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianProgram, findProgram } from '@keymux/parts/program';
import { chromium, type BrowserContext } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** Where Chromium is: what `CHROMIUM` names, else on the machine, else from Debian's package. */
async function chromiumPath(): Promise<string> {
  const named = process.env['CHROMIUM'];
  if (named !== undefined && named !== '') return named;
  const found = names.map(findProgram).find((each) => each !== undefined);
  return found ?? (await debianProgram('chromium'));
}

/** A real browser with a profile of its own. */
export interface Browser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

export interface BrowserOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
  readonly locale?: string;
}

/** Starts Chromium without a screen, and without a word to anybody but the pages it opens. */
export async function startBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const executablePath = await chromiumPath();
  const profile = mkdtempSync(join(tmpdir(), 'keymux-chromium-'));
  const { width = 1440, height = 900, theme = 'light', locale = 'en-GB' } = options;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    viewport: { width, height },
    colorScheme: theme,
    locale,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  return {
    context,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
