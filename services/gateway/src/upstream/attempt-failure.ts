/** Why an attempt has no (whole) answer. */
export type AttemptFailure =
  | { readonly kind: 'connect-error'; readonly message: string }
  | { readonly kind: 'tls-error'; readonly message: string }
  | { readonly kind: 'reset'; readonly message: string }
  | { readonly kind: 'invalid-response'; readonly message: string }
  | { readonly kind: 'connect-timeout' }
  | { readonly kind: 'header-timeout' }
  | { readonly kind: 'first-byte-timeout' }
  | { readonly kind: 'stream-idle-timeout' };

/** How far an attempt is. */
export type AttemptPhase = 'connecting' | 'waiting' | 'first-byte' | 'body' | 'ended';

/** What it is that lasts too long; null when nothing is awaited. */
export function timeoutOf(phase: AttemptPhase): AttemptFailure | null {
  switch (phase) {
    case 'connecting':
      return { kind: 'connect-timeout' };
    case 'waiting':
      return { kind: 'header-timeout' };
    case 'first-byte':
      return { kind: 'first-byte-timeout' };
    case 'body':
      return { kind: 'stream-idle-timeout' };
    case 'ended':
      return null;
  }
}

/** Reads a failure off the code of an error, never off its text. */
export function failureOf(error: Error, sent: boolean): AttemptFailure {
  const code =
    codeOf(error) ?? (error.cause instanceof Error ? codeOf(error.cause) : undefined) ?? '';
  const message = code === '' ? error.message : `${code}: ${error.message}`;
  if (code === 'CONNECT_TIMEOUT') return { kind: 'connect-timeout' };
  if (isTlsCode(code)) return { kind: 'tls-error', message };
  if (code === 'INVALID_RESPONSE') return { kind: 'invalid-response', message };
  return sent ? { kind: 'reset', message } : { kind: 'connect-error', message };
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function isTlsCode(code: string): boolean {
  return (
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code.startsWith('CERT_') ||
    code.startsWith('UNABLE_TO_') ||
    code === 'EPROTO' ||
    code === 'DEPTH_ZERO_SELF_SIGNED_CERT' ||
    code === 'SELF_SIGNED_CERT_IN_CHAIN' ||
    code === 'HOSTNAME_MISMATCH'
  );
}
