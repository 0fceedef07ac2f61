import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '@keymux/service';
import { loadOrCreateSecret } from '@keymux/vault';

export type Secrets =
  | {
      readonly kind: 'secrets';
      readonly authKey: string;
      readonly encryptionKey: string;
      /** The auth key was made just now: it is shown once. */
      readonly newAuthKey: boolean;
    }
  | { readonly kind: 'invalid'; readonly message: string };

/** The two keys of an installation: from the environment, else from files that are made at the first start. */
export function readSecrets(environment: Environment): Secrets {
  const auth = readOne(environment.authKey, join(environment.dataDir, 'auth.key'));
  if (auth.kind === 'invalid') return auth;
  const encryption = readOne(
    environment.encryptionKey,
    join(environment.dataDir, 'encryption.key'),
  );
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
    newAuthKey: auth.created,
  };
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
