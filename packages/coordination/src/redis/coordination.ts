import type { Logger } from '@keymux/service';
import type { Coordination } from '../coordination.ts';
import { createSteadyLimits } from '../fallback/limits.ts';
import { createSteadyThrottle } from '../fallback/throttle.ts';
import { connectRedis } from './connection.ts';
import { createRedisLeases } from './leases.ts';
import { createRedisLimits } from './limits.ts';
import { createRedisThrottle } from './throttle.ts';

/** What is shared through a Redis server. While it is away limits and throttles go on by themselves, leases do not. */
export function createRedisCoordination(deps: {
  /** `redis://` or `rediss://`, with user, password and database where there are any. */
  readonly dsn: string;
  readonly log: Logger;
}): Coordination {
  const connection = connectRedis(deps);
  return {
    name: 'coordination',
    leases: createRedisLeases({ connection }),
    limits: createSteadyLimits({ shared: createRedisLimits({ connection }) }),
    throttle: (name, policy) =>
      createSteadyThrottle({ shared: createRedisThrottle({ connection, name, policy }), policy }),
    get shared() {
      return connection.reached;
    },
    start: () => connection.start(),
    stop: () => connection.stop(),
  };
}
