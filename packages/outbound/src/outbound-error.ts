/** Why no connection came to be, beyond what the system's own error codes say. */
export type OutboundErrorCode =
  'PROXY_INVALID' | 'PROXY_UNREACHABLE' | 'PROXY_REFUSED' | 'FORBIDDEN_ADDRESS' | 'ABANDONED';

/** A connection that was refused or failed on the way; the message never holds credentials. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly code: OutboundErrorCode;

  constructor(code: OutboundErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
