import { fileURLToPath } from 'node:url';

/**
 * Where workers keep compiled code between starts, beside the packages and as private as they are: a worker that starts
 * again needs no compiler of types, which takes 20 MiB. Where it cannot be written, nothing is kept.
 */
export const compileCache = fileURLToPath(
  new URL('../../../node_modules/.cache/keymux', import.meta.url),
);
