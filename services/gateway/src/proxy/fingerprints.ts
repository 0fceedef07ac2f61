import { hash } from 'node:crypto';
import type { Vault } from '@keymux/vault';

/** Most credentials whose fingerprints are remembered; past it all are forgotten. */
const maxKnown = 1_024;

interface Known {
  readonly current: string;
  readonly previous: string | undefined;
}

/** The fingerprints of a credential: under the encryption key, and under the previous one while there is one. */
export type Fingerprints = (secret: string) => Known;

/**
 * Remembers fingerprints by a digest of their credential: a plain digest costs a fifth of a keyed
 * one, and finding it tells as little of how much of a wrong key was right.
 */
export function createFingerprints(vault: Vault): Fingerprints {
  const known = new Map<string, Known>();
  return (secret) => {
    const digest = hash('sha256', secret);
    let found = known.get(digest);
    if (found === undefined) {
      found = {
        current: vault.fingerprint(secret),
        previous: vault.previousFingerprint(secret),
      };
      if (known.size >= maxKnown) known.clear();
      known.set(digest, found);
    }
    return found;
  };
}
