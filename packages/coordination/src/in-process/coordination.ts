import type { Coordination } from '../coordination.ts';
import { createInProcessLeases } from './leases.ts';
import { createInProcessLimits } from './limits.ts';
import { createInProcessThrottle } from './throttle.ts';

/** What is shared where there is one process: all in its memory. `now` is a clock that never goes back, ms. */
export function createInProcessCoordination({
  now = () => performance.now(),
}: { readonly now?: () => number } = {}): Coordination {
  return {
    name: 'coordination',
    leases: createInProcessLeases({ now }),
    limits: createInProcessLimits({ now }),
    throttle: (_name, policy) => createInProcessThrottle({ policy, now }),
    shared: true,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}
