/** The right to do what one instance alone may do at a time. */
export interface Lease {
  readonly name: string;
  /** Tells this holding from every other. */
  readonly token: string;
}

/** Gives each named right to one holder at a time, until its time is over or it is given back. */
export interface Leases {
  /** Null while another has it. */
  acquire(name: string, ttlMs: number): Promise<Lease | null>;
  /** Has it for `ttlMs` from now; false when it is over or another's. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  /** Gives it back, so that another need not wait for its end. */
  release(lease: Lease): Promise<void>;
}
