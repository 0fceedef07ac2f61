import type { CallName, CallTable } from '@keymux/contracts';

type CallReply<N extends CallName> = CallTable[N]['reply'];

/** What other services ask of the pools. */
export interface PoolReader {
  /** A page of a pool for gateways. Throws for an `after` that it never gave. */
  page(group: string, after: string | null, limit: number): Promise<CallReply<'keys.pool'>>;
  /** Blacklisted keys whose last probe, or else verdict, is before a moment (epoch ms). */
  due(group: string, beforeMs: number, limit: number): Promise<CallReply<'keys.due'>>;
  /** A key to try a group with: an active one if there is any, never a disabled one. */
  pick(group: string): Promise<CallReply<'keys.pick'>>;
  /** Keys of every group by state. */
  counts(): Promise<CallReply<'keys.counts'>['groups']>;
}
