import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { keptFolder } from './kept-folder.ts';
import { findProgram, runProgram } from './program.ts';

/** Carries the JSON schemas of Kubernetes' own API, from 1.25 to 1.37. */
const wheel = 'kubernetes-validate==1.37.0';

/**
 * What the schemas of some versions of Kubernetes have against objects in a YAML text, a line each: a field that
 * they do not know, a wrong type, a kind that is none of Kubernetes' own.
 */
export async function kubernetesObjections(
  yaml: string,
  versions: readonly string[],
): Promise<{ readonly passed: number; readonly objections: readonly string[] }> {
  const python = findProgram('python3') ?? findProgram('python');
  if (python === undefined) throw new Error('kubernetes-validate is missing: put Python on PATH');
  const { stdout: about } = await runProgram(python, [
    '-c',
    'import sys; print("%d.%d" % sys.version_info[:2])',
  ]);
  // Parts of it are compiled for one version of Python.
  const name = `${wheel.replace('==', '-')}-python-${about.trim()}`;
  const folder = await keptFolder(name, async (target) => {
    const args = ['-m', 'pip', 'install', '--quiet', '--no-input', '--target', target, wheel];
    await runProgram(python, args).catch((error: unknown) => {
      throw new Error(`pip install ${wheel} failed`, { cause: error });
    });
  });
  const texts = mkdtempSync(join(tmpdir(), 'keymux-kubernetes-'));
  try {
    const file = join(texts, 'objects.yaml');
    writeFileSync(file, yaml);
    const asked = versions.flatMap((version) => ['-k', version]);
    const env = {
      ...process.env,
      PYTHONPATH: [folder, process.env['PYTHONPATH'] ?? ''].filter(Boolean).join(delimiter),
    };
    const args = ['-m', 'kubernetes_validate', '--strict', ...asked, file];
    // It says why it fails where it says what passes.
    const said = await runProgram(python, args, { env }).then(
      ({ stdout }) => stdout,
      (error: unknown) => saidBy(error),
    );
    const lines = said.split('\n').filter((line) => line !== '');
    const objections = lines.filter((line) => !line.startsWith('INFO '));
    return {
      passed: lines.length - objections.length,
      objections: objections.map((line) => line.replaceAll(`${file} `, '')),
    };
  } finally {
    rmSync(texts, { recursive: true, force: true });
  }
}

function saidBy(error: unknown): string {
  if (error instanceof Error && 'stdout' in error && error.stdout !== '') {
    return String(error.stdout);
  }
  throw error;
}
