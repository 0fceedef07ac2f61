import type { Socket } from 'node:net';
import type { UpstreamRequest } from '../upstream-dispatcher.ts';
import { StreamedBody } from './request-body.ts';
import type { RequestHead } from './request-head.ts';

/** So short a body goes as one text with the head, which Node sends without allocating. */
const shortBytes = 8_192;

/** Writes a request to a connection; what is streamed goes on by itself, and tells `failed` when it cannot. */
export function writeRequest(
  socket: Socket,
  request: { readonly head: RequestHead; readonly body: UpstreamRequest['body'] },
  failed: (error: Error) => void,
): StreamedBody | null {
  const { head, body } = request;
  if (Buffer.isBuffer(body) && body.length > shortBytes) {
    socket.cork();
    socket.write(head.text, 'latin1');
    socket.write(body);
    socket.uncork();
    return null;
  }
  if (body === null || Buffer.isBuffer(body)) {
    socket.write(head.text + (body?.toString('latin1') ?? ''), 'latin1');
    return null;
  }
  socket.write(head.text, 'latin1');
  const sizeBytes = head.framing.kind === 'length' ? head.framing.sizeBytes : null;
  return new StreamedBody(body, { socket, sizeBytes, failed });
}
