import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { previousSecretFile, rotateSecret } from './rotate-secret.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keymux-vault-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('rotateSecret', () => {
  it('puts a new secret in the place of the old one, which it keeps, both for the owner alone', () => {
    const path = join(folder, 'encryption.key');
    writeFileSync(path, 'the old one\n');
    expect(rotateSecret(path)).toEqual({ kind: 'rotated' });
    expect(readFileSync(path, 'utf8')).toMatch(/^[\w-]{43}\n$/);
    expect(readFileSync(previousSecretFile(path), 'utf8')).toBe('the old one\n');
    for (const file of [path, previousSecretFile(path)]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
  });

  it('changes nothing while the one before is still in use', () => {
    const path = join(folder, 'encryption.key');
    writeFileSync(path, 'first');
    rotateSecret(path);
    const second = readFileSync(path, 'utf8');
    expect(rotateSecret(path)).toEqual({ kind: 'pending', file: previousSecretFile(path) });
    expect(readFileSync(path, 'utf8')).toBe(second);
    expect(readFileSync(previousSecretFile(path), 'utf8')).toBe('first\n');
  });

  it('says which file it cannot replace', () => {
    const path = join(folder, 'encryption.key');
    expect(rotateSecret(path)).toEqual({
      kind: 'invalid',
      message: `cannot replace ${path}: ENOENT`,
    });
    writeFileSync(path, '\n');
    expect(rotateSecret(path)).toEqual({ kind: 'invalid', message: `${path} is empty` });
  });
});
