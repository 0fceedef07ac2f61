import { createInProcessThrottle } from '../in-process/throttle.ts';
import type { Throttle, ThrottlePolicy } from '../throttle.ts';

/** A throttle that always answers: the shared one, and this instance's own while that fails. */
export function createSteadyThrottle({
  shared,
  policy,
}: {
  readonly shared: Throttle;
  readonly policy: ThrottlePolicy;
}): Throttle {
  const own = createInProcessThrottle({ policy });
  return {
    tried: (who, result) => shared.tried(who, result).catch(() => own.tried(who, result)),
  } satisfies Throttle;
}
