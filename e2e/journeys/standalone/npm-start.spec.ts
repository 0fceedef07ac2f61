import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@keymux/parts/free-port';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    (reply) => reply.ok,
    () => false,
  );

/** A service manager may tell npm alone; a terminal's Ctrl-C goes to all. */
const ends = [
  ['npm gets SIGTERM', (pid: number) => process.kill(pid, 'SIGTERM')],
  ['all get SIGINT', (pid: number) => process.kill(-pid, 'SIGINT')],
] as const;

it.each(ends)(
  'npm start ends all that it started when %s',
  { timeout: 180_000 },
  async (_, end) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'keymux-npm-'));
    const port = await freePort();
    const npm = spawn('npm', ['start'], {
      cwd: root,
      detached: true,
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        HOST: '127.0.0.1',
        PORT: String(port),
        METRICS_PORT: '0',
        DATA_DIR: dataDir,
      },
    });
    const pid = npm.pid ?? 0;
    const ended = new Promise<void>((resolve) => npm.once('close', () => resolve()));
    try {
      const ready = (): Promise<boolean> => answers(`http://127.0.0.1:${port}/readyz`);
      await expect.poll(ready, { timeout: 120_000 }).toBe(true);
      end(pid);
      await ended;
      await expect.poll(() => groupLives(pid), { timeout: 40_000 }).toBe(false);
    } finally {
      if (groupLives(pid)) process.kill(-pid, 'SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
);

function groupLives(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}
