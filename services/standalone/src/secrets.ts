import { existsSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '@keymux/service';
import { loadOrCreateSecret, previousSecretFile } from '@keymux/vault';

/** What sealed the data before the encryption key of today; `file` is null when it came from the environment. */
export interface PreviousKey {
  readonly secret: string;
  readonly file: string | null;
}

export type Secrets =
  | {
      readonly kind: 'secrets';
      readonly authKey: string;
      readonly encryptionKey: string;
      readonly previousKey: PreviousKey | null;
      /** The auth key was made just now: it is shown once. */
      readonly newAuthKey: boolean;
    }
  | { readonly kind: 'invalid'; readonly message: string };

/** Where a generated encryption key is kept. */
export const encryptionKeyFile = (environment: Environment): string =>
  join(environment.dataDir, 'encryption.key');

/** The two keys of an installation: from the environment, else from files that are made at the first start. */
export function readSecrets(environment: Environment): Secrets {
  const auth = readOne(environment.authKey, join(environment.dataDir, 'auth.key'));
  if (auth.kind === 'invalid') return auth;
  const encryptionFile = encryptionKeyFile(environment);
  const encryption = readOne(environment.encryptionKey, encryptionFile);
  if (encryption.kind === 'invalid') return encryption;
  if (encryption.created && existsSync(environment.databasePath)) {
    return {
      kind: 'invalid',
      message: `ENCRYPTION_KEY is unset and its file is gone, but ${environment.databasePath} is encrypted with it: bring the key back`,
    };
  }
  return {
    kind: 'secrets',
    authKey: auth.secret,
    encryptionKey: encryption.secret,
    previousKey: readPrevious(environment, encryptionFile, encryption.secret),
    newAuthKey: auth.created,
  };
}

function readPrevious(
  environment: Environment,
  encryptionFile: string,
  current: string,
): PreviousKey | null {
  const given = environment.previousEncryptionKey;
  if (given !== undefined) return given === current ? null : { secret: given, file: null };
  const file = previousSecretFile(encryptionFile);
  if (environment.encryptionKey !== undefined || !existsSync(file)) return null;
  const secret = readFileSync(file, 'utf8').trim();
  if (secret !== '' && secret !== current) return { secret, file };
  // A rotation was cut off before the new key was in its place.
  unlinkSync(file);
  return null;
}

type One =
  | { readonly kind: 'one'; readonly secret: string; readonly created: boolean }
  | { readonly kind: 'invalid'; readonly message: string };

function readOne(given: string | undefined, file: string): One {
  if (given !== undefined) return { kind: 'one', secret: given, created: false };
  const loaded = loadOrCreateSecret(file);
  return loaded.kind === 'invalid'
    ? { kind: 'invalid', message: loaded.message }
    : { kind: 'one', secret: loaded.secret, created: loaded.created };
}
