import type { Server } from 'node:net';

/** The port that was bound, or one line that says why none was. */
export type Listening = { kind: 'listening'; port: number } | { kind: 'problem'; message: string };

function describeListenError(
  error: Error,
  { port, host, variable }: { port: number; host: string; variable: string },
): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `port ${port} (${variable}) is in use`;
  if (code === 'EACCES') return `port ${port} (${variable}) needs more rights`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `${host} (HOST) is not an address of this machine`;
  }
  return `cannot listen on ${host}:${port} (${variable}): ${error.message}`;
}

/** Starts listening; `variable` is the environment variable that a person would change. Port 0 takes a free one. */
export function listen(
  server: Server,
  at: { port: number; host: string; variable: string },
): Promise<Listening> {
  return new Promise((resolve) => {
    const onError = (error: Error) =>
      resolve({ kind: 'problem', message: describeListenError(error, at) });
    server.once('error', onError);
    server.listen(at.port, at.host, () => {
      server.off('error', onError);
      const address = server.address();
      const port = address === null || typeof address === 'string' ? at.port : address.port;
      resolve({ kind: 'listening', port });
    });
  });
}
