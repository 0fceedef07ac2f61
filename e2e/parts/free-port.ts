import { createServer } from 'node:net';

/** What was given away: who was given it may not listen yet. */
const taken = new Set<number>();

/** Keeps ports from being given away, whose owners do not listen yet. */
export function reservePorts(ports: readonly number[]): void {
  for (const port of ports) taken.add(port);
}

/** A port on loopback that nothing listens on; another one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await unusedPort();
    if (taken.has(port)) continue;
    taken.add(port);
    return port;
  }
}

function unusedPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
