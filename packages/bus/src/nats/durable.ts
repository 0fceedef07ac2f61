import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  JetStreamApiCodes,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { StreamName } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { differences } from '../differences.ts';
import { isApiError } from './streams.ts';

/** A message that a process had when it died goes to another after so long. */
const ackWaitMs = 30_000;
/** Unacknowledged messages of all replicas of a consumer. */
const maxAckPending = 50_000;

/**
 * Makes the durable of a work queue when it is missing and brings it to the plan, as far as the server can change it; what
 * it cannot is reported with the names of the fields. Rejects when the server does not answer, or the stream is another's.
 */
export async function reconcileDurable(
  jsm: JetStreamManager,
  { stream, durable }: { readonly stream: StreamName; readonly durable: string },
  log: Pick<Logger, 'warn'>,
): Promise<void> {
  const wanted = {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: maxAckPending,
    // Tries are counted in the process, where what failed is told from what merely waited.
    max_deliver: -1,
  };
  const found = await findDurable(jsm, stream, durable);
  if (found === null) {
    await jsm.consumers.add(stream, wanted);
    return;
  }
  const fields = differences(wanted, found);
  if (fields.length === 0) return;
  const told = { stream, durable, fields };
  try {
    await jsm.consumers.update(stream, durable, wanted);
    log.warn(told, 'a consumer was not as it should be and was changed');
  } catch (error) {
    log.warn({ ...told, err: error }, 'a consumer is not as it should be and cannot be changed');
  }
}

async function findDurable(
  jsm: JetStreamManager,
  stream: string,
  durable: string,
): Promise<ConsumerConfig | null> {
  try {
    return (await jsm.consumers.info(stream, durable)).config;
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.ConsumerNotFound)) return null;
    throw error;
  }
}
