/** The right to do what only one of several replicas may do at a time. */
export interface Lease {
  /** True when this replica has it, for `ttlMs` from now; asking again renews it. */
  acquire(name: string, ttlMs: number): Promise<boolean>;
  /** Gives it up, so that another need not wait for its end. */
  release(name: string): Promise<void>;
}

/** The lease where there is one process: nobody else could have it. */
export function createInProcessLease(): Lease {
  return {
    acquire: () => Promise.resolve(true),
    release: () => Promise.resolve(),
  } satisfies Lease;
}
