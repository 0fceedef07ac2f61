import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadOrCreateSecret } from './secret-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keymux-vault-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('loadOrCreateSecret', () => {
  it('makes a random secret once, readable by its owner only, and finds it again', () => {
    const path = join(folder, 'data', 'auth.key');
    const first = loadOrCreateSecret(path, { prefix: 'km-' });
    expect(first).toMatchObject({ kind: 'secret', created: true });
    expect(modeOf(path)).toBe(0o600);
    const second = loadOrCreateSecret(path, { prefix: 'km-' });
    expect(second).toEqual({ ...first, created: false });
    expect(first.kind === 'secret' && first.secret).toMatch(/^km-[\w-]{43}$/);
  });

  it('takes a secret that a person wrote, and tightens the rights of its file', () => {
    const path = join(folder, 'auth.key');
    writeFileSync(path, '  my own secret\n');
    chmodSync(path, 0o644);
    expect(loadOrCreateSecret(path)).toEqual({
      kind: 'secret',
      secret: 'my own secret',
      created: false,
    });
    expect(modeOf(path)).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe('  my own secret\n');
  });

  it('names a file that is empty, and leaves it', () => {
    const path = join(folder, 'auth.key');
    writeFileSync(path, '\n');
    expect(loadOrCreateSecret(path)).toMatchObject({
      kind: 'invalid',
      file: path,
      message: expect.stringContaining(`${path} is empty`),
    });
    expect(readFileSync(path, 'utf8')).toBe('\n');
  });

  it('names a file that cannot be read', () => {
    const path = join(folder, 'auth.key');
    mkdirSync(path);
    expect(loadOrCreateSecret(path)).toEqual({
      kind: 'invalid',
      file: path,
      message: `cannot read ${path}: EISDIR`,
    });
  });

  it('names a file that cannot be created', () => {
    writeFileSync(join(folder, 'a-file'), '');
    const path = join(folder, 'a-file', 'auth.key');
    expect(loadOrCreateSecret(path)).toMatchObject({ kind: 'invalid', file: path });
    expect(existsSync(path)).toBe(false);
  });
});
