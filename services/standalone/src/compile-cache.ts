import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Where workers keep compiled code between starts, beside the packages and as private as they are: a worker that finds
 * its code there needs no compiler of types, which takes 25 MiB. Where it cannot be written, nothing is kept.
 */
export const compileCache = fileURLToPath(
  new URL('../../../node_modules/.cache/keymux', import.meta.url),
);

/** Keeps compiled code of a program that ends once it is loaded, unless there is some: the first start's workers need it, too. */
export async function compileAhead(file: string): Promise<void> {
  if (existsSync(compileCache)) return;
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache };
  // What is wrong with the program is said by those who run it.
  await once(spawn(process.execPath, [file], { env, stdio: 'ignore' }), 'exit');
}
