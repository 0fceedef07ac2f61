import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** The official Python clients, pinned. */
const packages = ['openai==3.54.0', 'anthropic==2.12.0', 'google-genai==3.4.0'];

/**
 * The interpreter of a virtual environment that has the Python SDKs; made once, in `.cache/`.
 * Throws one line on how to get Python where there is none.
 */
export async function pythonWithSdks(): Promise<string> {
  const digest = createHash('sha256').update(packages.join()).digest('hex').slice(0, 12);
  const folder = join(root, '.cache', `python-sdks-${digest}`);
  const python = join(folder, 'bin', 'python');
  const ready = join(folder, 'ready');
  if (existsSync(ready)) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(root, '.cache'), { recursive: true });
  await run(await systemPython(), ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--no-input', ...packages], {
    maxBuffer: 16 * 1024 * 1024,
  });
  writeFileSync(ready, packages.join('\n'));
  return python;
}

async function systemPython(): Promise<string> {
  for (const name of ['python3', 'python']) {
    const works = await run(name, [
      '-c',
      'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))',
    ]).then(
      () => true,
      () => false,
    );
    if (works) return name;
  }
  throw new Error(
    'Python 3.10 or newer with venv is missing: on Debian or Ubuntu, apt-get install python3-venv',
  );
}
