import type { Vault } from '@keymux/vault';

/** Most credentials whose fingerprints are remembered; past it all are forgotten. */
const maxKnown = 1_024;
/** Longest credential that is remembered, in characters. */
const maxLength = 512;

interface Known {
  readonly current: string;
  readonly previous: string | undefined;
}

/** The fingerprints of a credential: under the encryption key, and under the previous one while there is one. */
export type Fingerprints = (secret: string) => Known;

/**
 * Remembers fingerprints by their credential. A map finds a text by a hash of all of it, with a seed of
 * the process: how long that takes tells nothing of how much of a wrong key was right.
 */
export function createFingerprints(vault: Vault): Fingerprints {
  const known = new Map<string, Known>();
  return (secret) => {
    let found = known.get(secret);
    if (found === undefined) {
      found = {
        current: vault.fingerprint(secret),
        previous: vault.previousFingerprint(secret),
      };
      if (known.size >= maxKnown) known.clear();
      if (secret.length <= maxLength) known.set(secret, found);
    }
    return found;
  };
}
