import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;
/** Nonces that are drawn at once: one by one they are half the cost of a seal. */
const drawnNonces = 256;

/** Seals secrets for storage, and recognises them without opening them. */
export interface Vault {
  /** Encrypts under the current key: `v1.<keyid>.<nonce, ciphertext and tag as base64url>`. No two seals of one secret are alike. */
  seal(secret: string): string;
  /** Decrypts what the current or the previous key sealed. Throws {@link VaultError}, which never contains the secret. */
  open(sealed: string): string;
  /** The same 64 hex digits for the same secret under one encryption key: what a secret is looked up by. */
  fingerprint(secret: string): string;
  /** The fingerprint under the previous key, while there is one: finds what was not re-encrypted yet. */
  previousFingerprint(secret: string): string | undefined;
  /** Names the current key, as seals under it do; tells nothing about it. */
  readonly keyId: string;
  /** Names the previous key, while there is one. */
  readonly previousKeyId: string | undefined;
  /** True while there is a previous key. */
  readonly hasPrevious: boolean;
  /** True for what the previous key sealed. */
  isPrevious(text: string): boolean;
  /** False for what still has to be sealed anew after a change of the encryption key. */
  isCurrent(sealed: string): boolean;
}

/** `malformed`: not a seal of ours. `unknown_key`: sealed under another encryption key. `tampered`: the content was changed. */
export type VaultErrorReason = 'malformed' | 'unknown_key' | 'tampered';

const sentences: Record<VaultErrorReason, string> = {
  malformed: 'this is not a sealed secret',
  unknown_key: 'this secret was sealed under another ENCRYPTION_KEY',
  tampered: 'this sealed secret was changed after it was sealed',
};

/** A seal that does not open. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly reason: VaultErrorReason;
  constructor(reason: VaultErrorReason) {
    super(sentences[reason]);
    this.reason = reason;
  }
}

interface DerivedKeys {
  id: string;
  prefix: string;
  /** The prefix as what is authenticated beside the secret. */
  authenticated: Buffer;
  sealing: KeyObject;
  fingerprinting: KeyObject;
}

// HKDF (RFC 5869) with a label a purpose: no key serves two algorithms. The key id is derived too,
// so it tells nothing about the encryption key.
function derive(encryptionKey: string): DerivedKeys {
  if (encryptionKey === '') throw new RangeError('the encryption key must not be empty');
  const bytes = (purpose: string, length: number) =>
    Buffer.from(hkdfSync('sha256', encryptionKey, '', `keymux/vault/${purpose}`, length));
  const id = bytes('key-id', 6).toString('base64url');
  return {
    id,
    prefix: `v1.${id}.`,
    authenticated: Buffer.from(`v1.${id}.`),
    sealing: createSecretKey(bytes('seal', 32)),
    fingerprinting: createSecretKey(bytes('fingerprint', 32)),
  };
}

// Each is given once.
function createNonces(): () => Buffer {
  let drawn = Buffer.alloc(0);
  return () => {
    if (drawn.length === 0) drawn = randomBytes(nonceBytes * drawnNonces);
    const nonce = drawn.subarray(0, nonceBytes);
    drawn = drawn.subarray(nonceBytes);
    return nonce;
  };
}

function fingerprintWith(keys: DerivedKeys, secret: string): string {
  return createHmac('sha256', keys.fingerprinting).update(secret).digest('hex');
}

function openWith(keys: DerivedKeys, sealed: string): string {
  const body = Buffer.from(sealed.slice(keys.prefix.length), 'base64url');
  if (body.length < nonceBytes + tagBytes) throw new VaultError('malformed');
  const decipher = createDecipheriv('aes-256-gcm', keys.sealing, body.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(keys.authenticated);
  decipher.setAuthTag(body.subarray(-tagBytes));
  const secret = decipher.update(body.subarray(nonceBytes, -tagBytes));
  try {
    // A counter mode keeps nothing back: this only checks the tag.
    decipher.final();
  } catch {
    // The only thing `final` reports is a tag that does not fit.
    throw new VaultError('tampered');
  }
  return secret.toString('utf8');
}

/**
 * Derives all keys of `encryptionKey` once. `previous` is an older encryption key that may still
 * open (never seal), so that re-encryption can go on in steps while everything stays readable.
 */
export function createVault(
  encryptionKey: string,
  options: { previous?: string | undefined } = {},
): Vault {
  const current = derive(encryptionKey);
  const former = options.previous === encryptionKey ? undefined : options.previous;
  const previous = former === undefined ? undefined : derive(former);
  const nextNonce = createNonces();
  return {
    seal(secret) {
      const nonce = nextNonce();
      const cipher = createCipheriv('aes-256-gcm', current.sealing, nonce, {
        authTagLength: tagBytes,
      });
      cipher.setAAD(current.authenticated);
      const body = [nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return current.prefix + Buffer.concat(body).toString('base64url');
    },
    open(sealed) {
      if (sealed.startsWith(current.prefix)) return openWith(current, sealed);
      if (previous !== undefined && sealed.startsWith(previous.prefix)) {
        return openWith(previous, sealed);
      }
      throw new VaultError(/^v1\.[\w-]{8}\.[\w-]{38,}$/.test(sealed) ? 'unknown_key' : 'malformed');
    },
    fingerprint: (secret) => fingerprintWith(current, secret),
    previousFingerprint: (secret) =>
      previous === undefined ? undefined : fingerprintWith(previous, secret),
    keyId: current.id,
    previousKeyId: previous?.id,
    hasPrevious: previous !== undefined,
    isPrevious: (text) => previous !== undefined && text.startsWith(previous.prefix),
    isCurrent: (sealed) => sealed.startsWith(current.prefix),
  };
}
