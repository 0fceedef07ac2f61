import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A replica that takes no connection within this time is passed over, ms. */
const connectMs = 2_000;

/**
 * Opens each connection to another of a service's replicas, in turn, and goes on to the next where
 * one takes none. Nothing of a request was sent by then, so that each reaches one replica, once.
 */
export function createReplicaAgent(addresses: () => readonly string[]): Agent {
  let turn = 0;

  async function open(): Promise<Socket> {
    const all = addresses();
    turn += 1;
    const first = turn % Math.max(1, all.length);
    let failure: unknown = new Error('there is no address');
    for (const address of [...all.slice(first), ...all.slice(0, first)]) {
      try {
        return await connectTo(new URL(address));
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  return new (class extends Agent {
    override createConnection(
      _options: object,
      opened?: (error: Error | null, socket: Socket) => void,
    ): undefined {
      open().then(
        (socket) => opened?.(null, socket),
        // The types know no failure without a socket.
        (error: Error) => (opened as ((error: Error) => void) | undefined)?.(error),
      );
    }
  })({ keepAlive: false });
}

function connectTo({ protocol, hostname, port }: URL): Promise<Socket> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = protocol === 'https:';
  const to = { host, port: Number(port) || (secure ? 443 : 80) };
  const socket = secure ? connectTls({ ...to, servername: host }) : connect(to);
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      socket.destroy(new Error(`${host} took no connection in ${connectMs} ms`));
    }, connectMs);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(late);
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject).once('close', () => clearTimeout(late));
  });
}
