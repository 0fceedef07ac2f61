import { randomBytes } from 'node:crypto';
import { mask, type Vault } from '@keymux/vault';

/** A new proxy key. */
export function newProxyKey(): string {
  return `sk-keymux-${randomBytes(24).toString('base64url')}`;
}

/**
 * What gateways are told of proxy keys: how to recognise them and what to call them in the log. While
 * the encryption key changes, gateways that have only the old one recognise them too.
 */
export function forGateways(
  vault: Vault,
  keys: readonly string[],
): { name: string; fingerprint: string }[] {
  return keys.flatMap((key) => {
    const name = mask(key);
    const previous = vault.previousFingerprint(key);
    const known = { name, fingerprint: vault.fingerprint(key) };
    return previous === undefined ? [known] : [known, { name, fingerprint: previous }];
  });
}
