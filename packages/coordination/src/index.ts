export { type Coordination, type SharedLimits } from './coordination.ts';
export { createInProcessCoordination } from './in-process/coordination.ts';
export { LeaseHolder, type LeaseHolderDeps } from './lease-holder.ts';
export { type Lease, type Leases } from './leases.ts';
export * from './limits.ts';
export { answerLimits, createLimitsOverCalls } from './over-calls/limits.ts';
export { type Throttle, type ThrottlePolicy } from './throttle.ts';
