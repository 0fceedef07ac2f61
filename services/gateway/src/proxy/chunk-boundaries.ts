import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Lets the next write be an HTTP chunk of its own: Node merges what is written in one tick into one,
 * unless the socket is corked already.
 */
export function keepBoundaries({ socket }: ServerResponse): void {
  if (socket === null || socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(uncork, socket);
}

function uncork(socket: Socket): void {
  socket.uncork();
}
