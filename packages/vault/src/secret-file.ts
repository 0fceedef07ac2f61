import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** `created` tells that the secret is new and may be shown once; `invalid` names the file and what is wrong with it. */
export type LoadedSecret =
  | { kind: 'secret'; secret: string; created: boolean }
  | { kind: 'invalid'; file: string; message: string };

const permissions = 0o600;

function why(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

// 'wx' makes one of two processes that start together the creator; the other one reads.
function create(path: string, prefix: string): LoadedSecret {
  mkdirSync(dirname(path), { recursive: true });
  const secret = prefix + randomBytes(32).toString('base64url');
  const file = openSync(path, 'wx', permissions);
  try {
    writeFileSync(file, `${secret}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return { kind: 'secret', secret, created: true };
}

function load(path: string): LoadedSecret {
  const file = openSync(path, 'r');
  try {
    const secret = readFileSync(file, 'utf8').trim();
    if (secret === '') {
      const message = `${path} is empty: put the secret into it, or delete it to have a new one made`;
      return { kind: 'invalid', file: path, message };
    }
    if ((fstatSync(file).mode & 0o077) !== 0) chmodSync(path, permissions);
    return { kind: 'secret', secret, created: false };
  } finally {
    closeSync(file);
  }
}

/**
 * Reads the secret in the file at `path`; where there is no file, makes a random one of 256 bits,
 * after `prefix`. The file ends up readable by its owner only. Never throws for what a disk can do.
 */
export function loadOrCreateSecret(path: string, options: { prefix?: string } = {}): LoadedSecret {
  try {
    return load(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) {
      return { kind: 'invalid', file: path, message: `cannot read ${path}: ${why(error)}` };
    }
  }
  try {
    return create(path, options.prefix ?? '');
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return loadOrCreateSecret(path, options);
    return { kind: 'invalid', file: path, message: `cannot create ${path}: ${why(error)}` };
  }
}
