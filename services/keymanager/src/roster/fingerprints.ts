import type { Vault } from '@keymux/vault';

/** The fingerprints that a secret may be kept under. */
export function fingerprintsOf(vault: Vault, secret: string): string[] {
  const previous = vault.previousFingerprint(secret);
  const current = vault.fingerprint(secret);
  return previous === undefined ? [current] : [current, previous];
}
