import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVault, VaultError } from './vault.ts';

const vault = createVault('an encryption key');

function errorOf(action: () => unknown): VaultError {
  try {
    action();
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('a vault', () => {
  it('opens what it sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (secret) => {
        expect(vault.open(vault.seal(secret))).toBe(secret);
      }),
    );
  });

  it('names its keys as its seals do', () => {
    const both = createVault('the next key', { previous: 'an encryption key' });
    expect(vault.seal('sk-1').split('.')[1]).toBe(vault.keyId);
    expect(both.previousKeyId).toBe(vault.keyId);
    expect(both.keyId).not.toBe(vault.keyId);
    expect(vault.previousKeyId).toBeUndefined();
  });

  it('never makes the same seal twice', () => {
    const seals = Array.from({ length: 1000 }, () => vault.seal('sk-same'));
    expect(new Set(seals).size).toBe(1000);
  });

  it('shows nothing of the secret in its seal', () => {
    const secret = 'sk-abcdefghijklmnopqrstuvwxyz';
    const sealed = vault.seal(secret);
    expect(sealed).toMatch(/^v1\.[\w-]{8}\.[\w-]+$/);
    expect(sealed).not.toContain(secret);
    expect(sealed).not.toContain(Buffer.from(secret).toString('base64url').slice(0, 12));
  });

  it('refuses a seal in which any byte was changed', () => {
    const sealed = vault.seal('sk-abcdefghijklmnopqrstuvwxyz');
    const [version, keyId, body] = sealed.split('.');
    const bytes = Buffer.from(body ?? '', 'base64url');
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          const changed = Buffer.from(bytes);
          changed[at] = (changed[at] ?? 0) ^ change;
          const error = errorOf(() =>
            vault.open(`${version}.${keyId}.${changed.toString('base64url')}`),
          );
          expect(error.reason).toBe('tampered');
        },
      ),
    );
  });

  it('refuses a seal of another encryption key without telling what is inside', () => {
    const secret = 'sk-very-secret-indeed';
    const error = errorOf(() => createVault('another key').open(vault.seal(secret)));
    expect(error.reason).toBe('unknown_key');
    expect(`${error.message} ${error.stack}`).not.toContain(secret);
    expect(`${error.message} ${error.stack}`).not.toContain('another key');
  });

  it('does not accept the body of one key under the name of another', () => {
    const other = createVault('another key');
    const [, body] = /^v1\.[\w-]{8}\.(.*)$/.exec(vault.seal('sk-1')) ?? [];
    const [prefix] = /^v1\.[\w-]{8}\./.exec(other.seal('sk-1')) ?? [];
    expect(errorOf(() => other.open(`${prefix}${body}`)).reason).toBe('tampered');
  });

  it.each(['', 'v1', 'sk-plain', 'v1..', 'v2.abcdefgh.AAAA', 'v1.abcdefgh.AAAA'])(
    'calls %j malformed',
    (text) => {
      expect(errorOf(() => vault.open(text)).reason).toBe('malformed');
    },
  );

  it('calls a seal of its own that was cut short malformed', () => {
    expect(errorOf(() => vault.open(vault.seal('x').slice(0, 20))).reason).toBe('malformed');
  });

  it('recognises a secret by its fingerprint, which depends on the encryption key', () => {
    expect(vault.fingerprint('sk-1')).toMatch(/^[0-9a-f]{64}$/);
    expect(vault.fingerprint('sk-1')).toBe(createVault('an encryption key').fingerprint('sk-1'));
    expect(vault.fingerprint('sk-1')).not.toBe(vault.fingerprint('sk-2'));
    expect(vault.fingerprint('sk-1')).not.toBe(createVault('another key').fingerprint('sk-1'));
  });

  it('opens under the previous key and seals under the current one while the key changes', () => {
    const moving = createVault('a new key', { previous: 'an encryption key' });
    const old = vault.seal('sk-1');
    expect(moving.open(old)).toBe('sk-1');
    expect(moving.isCurrent(old)).toBe(false);
    const renewed = moving.seal(moving.open(old));
    expect(moving.isCurrent(renewed)).toBe(true);
    expect(createVault('a new key').open(renewed)).toBe('sk-1');
    expect(moving.previousFingerprint('sk-1')).toBe(vault.fingerprint('sk-1'));
    expect(vault.previousFingerprint('sk-1')).toBeUndefined();
  });

  it('does not start with an empty encryption key', () => {
    expect(() => createVault('')).toThrow(RangeError);
  });
});
