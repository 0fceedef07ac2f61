import { mask, type Vault } from '@keymux/vault';

/** A key that waits to be imported; nothing of it is in clear. */
export interface SpooledKey {
  readonly sealed: string;
  readonly fingerprint: string;
  readonly masked: string;
  readonly previousFingerprint?: string;
}

/** An upload that is being written. */
export interface SpoolWriter {
  /** Resolves when more may be added. */
  add(key: SpooledKey): Promise<void>;
  /** Makes it complete and durable. */
  commit(): Promise<void>;
  /** Removes it. */
  discard(): Promise<void>;
}

export interface SpooledPage {
  readonly keys: SpooledKey[];
  readonly next: number | null;
}

/** Keeps the keys of imports, sealed, until they are in the roster. */
export interface Spool {
  create(taskId: string): Promise<SpoolWriter>;
  /** Up to `limit` keys from a place in an upload; `next` is null at its end. Undefined when it is gone. */
  read(taskId: string, from: number, limit: number): Promise<SpooledPage | undefined>;
  remove(taskId: string): Promise<void>;
  /** Removes what is left of uploads that belong to none of these tasks. */
  sweep(taskIds: ReadonlySet<string>): Promise<void>;
}

/** Seals a secret for the spool. */
export function spooledKey(vault: Vault, secret: string): SpooledKey {
  const previous = vault.previousFingerprint(secret);
  return {
    sealed: vault.seal(secret),
    fingerprint: vault.fingerprint(secret),
    masked: mask(secret),
    ...(previous === undefined ? {} : { previousFingerprint: previous }),
  };
}
