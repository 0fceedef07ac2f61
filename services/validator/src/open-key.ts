import { VaultError, type Vault } from '@keymux/vault';

/** A key's secret, or the sentence why it cannot be read. */
export type OpenedKey =
  | { readonly kind: 'opened'; readonly secret: string }
  | { readonly kind: 'unreadable'; readonly message: string };

/** Opens the secret of a key. */
export function openKey(vault: Vault, sealed: string): OpenedKey {
  try {
    return { kind: 'opened', secret: vault.open(sealed) };
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return { kind: 'unreadable', message: `the key cannot be opened: ${error.message}` };
  }
}
