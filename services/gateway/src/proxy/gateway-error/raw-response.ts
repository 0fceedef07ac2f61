import type { Duplex } from 'node:stream';
import { type GatewayErrorCode, gatewayErrors } from './gateway-error.ts';

/** The head of an HTTP/1.1 response, for a connection that no server writes to any more; names and values alternate. */
export function responseHead(status: number, text: string, headers: readonly string[]): string {
  let head = `HTTP/1.1 ${status} ${text}\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2)
    head += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return `${head}\r\n`;
}

/** Answers with an error of ours and closes. */
export function endWithError(
  socket: Duplex,
  code: GatewayErrorCode,
  about: { readonly requestId: string; readonly headers: readonly string[] },
): void {
  const { status, message } = gatewayErrors[code];
  const body = JSON.stringify({ error: { message, code } });
  const head = responseHead(status, 'Refused', [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    'x-request-id',
    about.requestId,
    'x-keymux-error',
    code,
    ...about.headers,
    'connection',
    'close',
  ]);
  socket.end(head + body);
}
