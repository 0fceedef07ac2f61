import { describe } from '@keymux/outbound';
import { mask, type Vault } from '@keymux/vault';
import { readProxyKeys } from './key-list.ts';
import { holdsCredentials, isSealed, type Secrets } from './secrets.ts';

/** Parts that secrets are prepared with. */
export interface SecretParts {
  readonly vault: Vault;
  readonly isAuthKey: (text: string) => boolean;
}

/** Seals the secrets of a command; one that is `known` already keeps its seal, so that it shows as unchanged. */
export function prepareSecrets(
  { vault, isAuthKey }: SecretParts,
  secrets: readonly string[],
  known: readonly string[],
): Secrets {
  const seals = new Map<string, string>();
  for (const sealed of known) if (vault.isCurrent(sealed)) seals.set(vault.open(sealed), sealed);
  for (const secret of secrets) if (!seals.has(secret)) seals.set(secret, vault.seal(secret));
  return {
    isAuthKey,
    shown: (field, value) => shownSecret(vault, field, value),
    sealOf: (secret) => {
      const sealed = seals.get(secret);
      if (sealed === undefined) throw new Error('a secret of the command was not prepared');
      return sealed;
    },
  };
}

/** A text as it was given, whether it is kept sealed or not. */
export function openText(vault: Vault, kept: string): string {
  return isSealed(kept) ? vault.open(kept) : kept;
}

/** What may be shown of a field; see {@link Secrets.shown}. */
export function shownSecret(vault: Vault, field: string, value: unknown): unknown {
  switch (field) {
    case 'proxy_keys':
      if (Array.isArray(value)) return value.map((sealed) => mask(openText(vault, String(sealed))));
      return typeof value === 'string'
        ? readProxyKeys(openText(vault, value)).map((key) => mask(key))
        : value;
    case 'proxy_url':
    case 'config.proxy_url':
      return typeof value === 'string' ? shownAddress(openText(vault, value)) : value;
    default:
      return value;
  }
}

function shownAddress(address: string): string {
  return holdsCredentials(address) ? describe(address) : address;
}
