import { randomBytes } from 'node:crypto';
import { mask, type Vault } from '@keymux/vault';

/** A new proxy key. */
export function newProxyKey(): string {
  return `sk-keymux-${randomBytes(24).toString('base64url')}`;
}

/** What gateways are told of proxy keys: how to recognise them and what to call them in the log. */
export function forGateways(
  vault: Vault,
  keys: readonly string[],
): { name: string; fingerprint: string }[] {
  return keys.map((key) => ({ name: mask(key), fingerprint: vault.fingerprint(key) }));
}
