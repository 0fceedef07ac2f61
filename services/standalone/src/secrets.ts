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

const authKeyFile = (environment: Environment): string => join(environment.dataDir, 'auth.key');

/** The two keys of an installation: from the environment, else from files that are made at the first start. */
export function readSecrets(environment: Environment): Secrets {
  const { databasePath } = environment;
  const file = encryptionKeyFile(environment);
  // Looked at first: a new key in its place would be taken for the old one at the next start.
  if (!isThere(environment.encryptionKey, file) && existsSync(databasePath)) {
    const message = `ENCRYPTION_KEY is unset and its file is gone, but ${databasePath} is encrypted with it: bring the key back`;
    return { kind: 'invalid', message };
  }
  const auth = readOne(environment.authKey, authKeyFile(environment));
  if (auth.kind === 'invalid') return auth;
  const encryption = readOne(environment.encryptionKey, file);
  if (encryption.kind === 'invalid') return encryption;
  return {
    kind: 'secrets',
    authKey: auth.secret,
    encryptionKey: encryption.secret,
    previousKey: readPrevious(environment, file, encryption.secret),
    newAuthKey: auth.created,
  };
}

/** The admin key of an installation that was started before; none is made for a command. */
export function existingAuthKey(environment: Environment): One {
  return existing('AUTH_KEY', environment.authKey, authKeyFile(environment));
}

/** The encryption key of an installation that was started before; none is made for a command. */
export function existingEncryptionKey(environment: Environment): One {
  const file = encryptionKeyFile(environment);
  const found = existing('ENCRYPTION_KEY', environment.encryptionKey, file);
  if (found.kind === 'invalid' || readPrevious(environment, file, found.secret) === null) {
    return found;
  }
  const message = 'the encryption key is being changed: let Keymux finish that first';
  return { kind: 'invalid', message };
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

/** One key; `created` when it was made just now. */
type One =
  | { readonly kind: 'one'; readonly secret: string; readonly created: boolean }
  | { readonly kind: 'invalid'; readonly message: string };

const isThere = (given: string | undefined, file: string): boolean =>
  given !== undefined || existsSync(file);

function existing(name: string, given: string | undefined, file: string): One {
  if (isThere(given, file)) return readOne(given, file);
  return { kind: 'invalid', message: `${name}: is unset, and there is no ${file}` };
}

function readOne(given: string | undefined, file: string): One {
  if (given !== undefined) return { kind: 'one', secret: given, created: false };
  const loaded = loadOrCreateSecret(file);
  return loaded.kind === 'invalid'
    ? { kind: 'invalid', message: loaded.message }
    : { kind: 'one', secret: loaded.secret, created: loaded.created };
}
