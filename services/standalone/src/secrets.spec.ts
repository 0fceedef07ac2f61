import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Environment, readEnvironment } from '@keymux/service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { existingAuthKey, existingEncryptionKey, readSecrets } from './secrets.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keymux-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function environment(more: Record<string, string> = {}): Environment {
  const env = { DATA_DIR: folder, ...more };
  const read = readEnvironment({ env, settings: [], envFile: join(folder, '.env') });
  if (read.kind === 'invalid') throw new Error(read.message);
  return read.environment;
}

it('makes both keys at the first start, and says only then that the admin key is new', () => {
  const first = readSecrets(environment());
  expect(first).toMatchObject({ kind: 'secrets', newAuthKey: true, previousKey: null });
  expect(readSecrets(environment())).toEqual({ ...first, newAuthKey: false });
});

it('says at each start that the encryption key is gone, and makes no other one', () => {
  readSecrets(environment());
  writeFileSync(join(folder, 'keymux.db'), '');
  rmSync(join(folder, 'encryption.key'));
  for (const _start of [1, 2]) {
    expect(readSecrets(environment())).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('bring the key back'),
    });
  }
  expect(existsSync(join(folder, 'encryption.key'))).toBe(false);
});

it('makes no key for a command, whose first start still shows the admin key', () => {
  expect(existingAuthKey(environment())).toEqual({
    kind: 'invalid',
    message: `AUTH_KEY: is unset, and there is no ${join(folder, 'auth.key')}`,
  });
  expect(existingEncryptionKey(environment())).toMatchObject({ kind: 'invalid' });
  expect(readdirSync(folder)).toEqual([]);
});

it('gives a command the keys of the environment, else those of the last start', () => {
  const given = environment({ AUTH_KEY: 'one', ENCRYPTION_KEY: 'other' });
  expect([existingAuthKey(given), existingEncryptionKey(given)]).toMatchObject([
    { secret: 'one' },
    { secret: 'other' },
  ]);
  const started = readSecrets(environment());
  if (started.kind === 'invalid') throw new Error(started.message);
  expect([existingAuthKey(environment()), existingEncryptionKey(environment())]).toMatchObject([
    { secret: started.authKey },
    { secret: started.encryptionKey },
  ]);
});

it('gives a command no encryption key while that is being changed', () => {
  readSecrets(environment());
  writeFileSync(join(folder, 'encryption.key.previous'), 'the one before');
  expect(existingEncryptionKey(environment())).toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('is being changed'),
  });
});
