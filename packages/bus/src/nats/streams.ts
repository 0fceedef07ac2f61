import type { StreamName } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { differences } from '../differences.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** What is kept of a stream, and how. */
type StreamPlan = Pick<
  StreamConfig,
  'subjects' | 'retention' | 'storage' | 'discard' | 'max_age' | 'max_msgs' | 'duplicate_window'
> & { allow_direct: boolean };

/** Kept until it is acknowledged; a server that is full refuses more, so that publishers keep it. */
const workQueue = (subject: string): StreamPlan => ({
  subjects: [subject],
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_age: 0,
  max_msgs: -1,
  duplicate_window: nanos(2 * minuteMs),
  allow_direct: false,
});

/** Kept for a while, for whoever wants to see what was told. */
const kept = (subject: string, limits: { ageMs: number; messages: number }): StreamPlan => ({
  subjects: [subject],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.Old,
  max_age: nanos(limits.ageMs),
  max_msgs: limits.messages,
  duplicate_window: nanos(2 * minuteMs),
  allow_direct: true,
});

/** The stream that dead letters are kept in. */
export const deadLetterStream = 'DEAD_LETTERS';

/** Every stream on the server. */
export const streamPlans: Readonly<Record<StreamName | typeof deadLetterStream, StreamPlan>> = {
  KEY_OUTCOMES: workQueue('key.outcome.>'),
  KEY_CHECKS: workQueue('key.check.>'),
  REQUEST_LOGS: workQueue('log.request.>'),
  KEY_STATE: kept('key.state.>', { ageMs: dayMs, messages: 100_000 }),
  KEY_HEADROOM: kept('key.headroom.>', { ageMs: 10 * minuteMs, messages: 1_000 }),
  CONFIG: kept('config.>', { ageMs: 7 * dayMs, messages: 10_000 }),
  [deadLetterStream]: kept('dead-letter.>', { ageMs: 90 * dayMs, messages: 100_000 }),
};

/** The one subject filter of a stream. */
export function subjectOf(stream: StreamName): string {
  return streamPlans[stream].subjects.join();
}

/** True when each message of the stream is one consumer's. */
export function isWorkQueue(stream: StreamName): boolean {
  return streamPlans[stream].retention === RetentionPolicy.Workqueue;
}

/**
 * Makes the streams that are missing and brings the others to the plan, as far as the server can
 * change them; what it cannot is reported with the names of the fields. Rejects when the server does
 * not answer.
 */
export async function reconcileStreams(
  jsm: JetStreamManager,
  options: { readonly replicas: number; readonly log: Pick<Logger, 'info' | 'warn'> },
): Promise<void> {
  const { replicas, log } = options;
  for (const [name, plan] of Object.entries(streamPlans)) {
    const wanted = { ...plan, num_replicas: replicas };
    const found = await findStream(jsm, name);
    if (found === null) {
      await jsm.streams.add({ name, ...wanted });
      continue;
    }
    const differing = differences(wanted, found);
    if (differing.length === 0) continue;
    const fields = { stream: name, fields: differing };
    try {
      await jsm.streams.update(name, { ...found, ...wanted });
      log.warn(fields, 'a stream was not as it should be and was changed');
    } catch (error) {
      log.warn({ ...fields, err: error }, 'a stream is not as it should be and cannot be changed');
    }
  }
}

async function findStream(jsm: JetStreamManager, name: string): Promise<StreamConfig | null> {
  try {
    return (await jsm.streams.info(name)).config;
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.StreamNotFound)) return null;
    throw error;
  }
}

/** True for an answer of the server with this code of its API. */
export function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
