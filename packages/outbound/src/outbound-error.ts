/** Why no connection came to be, or why it brought no answer, beyond what the system's own error codes say. */
export type OutboundErrorCode =
  | 'PROXY_INVALID'
  | 'PROXY_UNREACHABLE'
  | 'PROXY_REFUSED'
  | 'FORBIDDEN_ADDRESS'
  | 'CONNECT_TIMEOUT'
  | 'ABANDONED'
  /** Keymux ends and sends nothing more. */
  | 'CLOSED'
  /** The upstream ended the connection before its answer was whole. */
  | 'CUT_OFF'
  /** What came is no HTTP/1.1 answer. */
  | 'INVALID_RESPONSE'
  /** The body to send was longer or shorter than it should be. */
  | 'BODY_LENGTH';

/** A connection that was refused or failed on the way; the message never holds credentials. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly code: OutboundErrorCode;

  constructor(code: OutboundErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
