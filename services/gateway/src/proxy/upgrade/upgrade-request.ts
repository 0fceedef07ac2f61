import type { Duplex } from 'node:stream';
import type { PlannedRequest } from '../exchange/attempt-plan.ts';
import type { LogRecord } from '../row/log-record.ts';

/** A client's connection, what it sent after its request, and what it asks to speak. */
export interface UpgradeClient {
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly protocol: string;
}

/** An upgrade that was admitted. */
export interface UpgradeRequest extends PlannedRequest {
  readonly client: UpgradeClient;
  readonly record: LogRecord;
  readonly query: string;
}
