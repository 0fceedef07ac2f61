import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** `pending`: the secret before the last one is still there, so what it protects may still be in use. */
export type RotatedSecret =
  | { readonly kind: 'rotated' }
  | { readonly kind: 'pending'; readonly file: string }
  | { readonly kind: 'invalid'; readonly message: string };

const permissions = 0o600;

/** Where a rotation keeps the secret that it replaces. */
export const previousSecretFile = (path: string): string => `${path}.previous`;

/**
 * Puts a new random secret of 256 bits into the file at `path` and keeps the old one beside it. A crash
 * at any point leaves a file from which the old secret can be read. Never throws for what a disk can do.
 */
export function rotateSecret(path: string): RotatedSecret {
  const previous = previousSecretFile(path);
  const next = `${path}.next`;
  try {
    const old = readFileSync(path, 'utf8').trim();
    if (old === '') return { kind: 'invalid', message: `${path} is empty` };
    write(next, 'w', randomBytes(32).toString('base64url'));
    write(previous, 'wx', old);
    renameSync(next, path);
    return { kind: 'rotated' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'EEXIST') return { kind: 'pending', file: previous };
    return { kind: 'invalid', message: `cannot replace ${path}: ${code}` };
  }
}

function write(path: string, flag: 'w' | 'wx', secret: string): void {
  const file = openSync(path, flag, permissions);
  try {
    writeFileSync(file, `${secret}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
