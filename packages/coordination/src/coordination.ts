import type { Service } from '@keymux/service';
import type { Leases } from './leases.ts';
import type { Limits } from './limits.ts';
import type { Throttle, ThrottlePolicy } from './throttle.ts';

/** The limits that the instances of an installation share. */
export interface SharedLimits extends Service {
  readonly limits: Limits;
  /** False while nothing can be shared: then each instance counts on its own, and nobody gets a lease. */
  readonly shared: boolean;
}

/** What the instances of an installation share. */
export interface Coordination extends SharedLimits {
  readonly leases: Leases;
  /** The throttle of a name: instances that ask for one name share its counts. */
  throttle(name: string, policy: ThrottlePolicy): Throttle;
}
