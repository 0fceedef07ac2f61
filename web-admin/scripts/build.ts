import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compressFiles } from './compress.ts';
import { initialScriptBytes } from './initial-size.ts';
import { sourceStamp } from './source-stamp.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const built = join(folder, 'dist');
const budgetBytes = 250_000;
/** `--lenient` is for who starts Keymux: it runs without its console, too. */
const lenient = process.argv.includes('--lenient');

function stampOf(directory: string): string | null {
  try {
    return readFileSync(join(directory, 'source-stamp'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function build(stamp: string): void {
  const output = join(folder, `dist.${process.pid}`);
  const fresh = join(output, 'browser');
  try {
    const cli = createRequire(import.meta.url).resolve('@angular/cli/bin/ng.js');
    const run = spawnSync(process.execPath, [cli, 'build', '--output-path', output], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NG_CLI_ANALYTICS: 'false', CI: 'true' },
    });
    if (run.status !== 0) throw new Error(`ng build ended with ${run.status}\n${run.stderr}`);
    compressFiles(fresh);
    const bytes = initialScriptBytes(fresh);
    if (bytes > budgetBytes) {
      throw new Error(
        `the first page loads ${bytes} bytes of JavaScript; ${budgetBytes} are allowed`,
      );
    }
    writeFileSync(join(fresh, 'source-stamp'), stamp);
    rmSync(built, { recursive: true, force: true });
    renameSync(fresh, built);
    process.stdout.write(
      `The console is built: ${Math.round(bytes / 1000)} kB before its first page.\n`,
    );
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

const stamp = sourceStamp(folder);
if (stampOf(built) !== stamp) {
  process.stdout.write('Building the console; this takes some seconds, once …\n');
  try {
    build(stamp);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`WARN the console could not be built: ${why}\n`);
    if (!lenient) process.exitCode = 1;
  }
}
