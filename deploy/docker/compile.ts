import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Fills NODE_COMPILE_CACHE with all programs, where it can be written: in the build of an image. Each is started
 * without what it needs, and ends once it is loaded.
 */
const programs = [
  ...globSync('services/*/src/main.ts'),
  'services/standalone/src/gateway-worker.ts',
];
const folder = mkdtempSync(join(tmpdir(), 'keymux-compile-'));
const { PATH, NODE_COMPILE_CACHE } = process.env;
const env = { PATH, NODE_COMPILE_CACHE, DATA_DIR: folder, IS_SLAVE: 'true' };
try {
  for (const program of programs) {
    const run = spawnSync(process.execPath, [program], { env, encoding: 'utf8' });
    // A gateway's worker without a parent has nothing to do; the others ask for what is missing.
    if (run.status === 0 || run.stderr.includes('must be set')) continue;
    process.stderr.write(`${program} ended with ${run.status ?? run.signal}\n${run.stderr}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
