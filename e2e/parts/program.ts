import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Runs a program to its end; rejects with what it printed when it fails. */
export const runProgram = promisify(execFile);

/** The path of a program on PATH or in Debian's places for servers; undefined when there is none. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * The path of a program: on the machine, else from the Debian package that has it, which root installs.
 * Rejects with one line on how to get it where neither can be.
 */
export async function debianProgram(name: string, debianPackage = name): Promise<string> {
  const found = findProgram(name);
  if (found !== undefined) return found;
  const aptGet = findProgram('apt-get');
  if (aptGet !== undefined && process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = ['-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '--no-install-recommends'];
    await runProgram(aptGet, ['update'], { env }).catch(() => undefined);
    await runProgram(aptGet, [...install, debianPackage], { env }).catch(() => undefined);
    const installed = findProgram(name);
    if (installed !== undefined) return installed;
  }
  throw new Error(`${name} is missing: on Debian or Ubuntu, apt-get install ${debianPackage}`);
}
