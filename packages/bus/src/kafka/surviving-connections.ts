import type { Admin } from '@platformatic/kafka';

/** A client of Kafka, or one of its streams of messages: each has connections of its own. */
interface Connected {
  readonly connections: Admin['connections'];
}

/**
 * Keeps a connection that fails twice from ending this process. The library hears only the first error of each, and a
 * broker that refuses credentials often resets the connection after it said so. Those who wait are told by their calls.
 */
export function withSurvivingConnections<T extends Connected>(connected: T): T {
  connected.connections.on('connecting', ({ connection }) => {
    connection.on('error', () => undefined);
  });
  return connected;
}
