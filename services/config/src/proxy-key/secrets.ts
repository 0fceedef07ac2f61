/** What a decision may know of secrets. It never holds the vault, and everything in here is pure. */
export interface Secrets {
  /** The seal of a secret of the command; it was made before, because sealing takes randomness. */
  sealOf(secret: string): string;
  /** What a diff shows of a field: secrets masked, everything else as it is. */
  shown(field: string, value: unknown): unknown;
  /** The admin key is never a proxy key. */
  isAuthKey(text: string): boolean;
}

/** Whether an outbound proxy's address must be sealed: it holds a user or a password. */
export function holdsCredentials(address: string): boolean {
  return address.includes('@');
}

/** Whether a text is a seal; no address looks like one. */
export function isSealed(text: string): boolean {
  return text.startsWith('v1.');
}
