import { createLogger } from '@keymux/service';
import { anyRedis } from '@keymux/parts/redis';
import { leasesConformance } from '../leases.conformance.ts';
import { limitsConformance } from '../limits.conformance.ts';
import { throttleConformance } from '../throttle.conformance.ts';
import { connectRedis, type RedisConnection } from './connection.ts';
import { createRedisLeases } from './leases.ts';
import { createRedisLimits } from './limits.ts';
import { createRedisThrottle } from './throttle.ts';

const log = createLogger({ service: 'test', level: 'fatal', format: 'json', write: () => true });

/** Some instances of an installation that share a server. */
async function connectAll(
  count: number,
): Promise<{ connections: RedisConnection[]; close(): Promise<void> }> {
  const server = await anyRedis();
  // Patient: the machine may be busy with other tests.
  const connections = Array.from({ length: count }, () =>
    connectRedis({ dsn: server.url, log, answerMs: 20_000 }),
  );
  await Promise.all(connections.map((each) => each.start()));
  return {
    connections,
    async close() {
      await Promise.all(connections.map((each) => each.stop()));
      await server.stop();
    },
  };
}

async function connectTwo() {
  const { connections, close } = await connectAll(2);
  const [one, other] = connections;
  if (one === undefined || other === undefined) throw new Error('there are two');
  return { one, other, close };
}

leasesConformance('leases in Redis', async () => {
  const { one, other, close } = await connectTwo();
  return {
    one: createRedisLeases({ connection: one }),
    other: createRedisLeases({ connection: other }),
    close,
  };
});
limitsConformance('limits in Redis', async (times) => {
  const { connections, close } = await connectAll(3);
  const instances = connections.map((connection) => createRedisLimits({ ...times, connection }));
  return { instances, close };
});
throttleConformance('throttles in Redis', async () => {
  const { one, other, close } = await connectTwo();
  return {
    open: (name, policy) => ({
      one: createRedisThrottle({ connection: one, name, policy }),
      other: createRedisThrottle({ connection: other, name, policy }),
    }),
    close,
  };
});
