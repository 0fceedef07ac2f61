import type { Message } from '@keymux/bus';
import {
  type KeyOutcomes,
  messageTypes,
  type RequestLogs,
  type StreamName,
  subjects,
} from '@keymux/contracts';
import type { GroupBatch } from './spool-line.ts';

/** Where a batch stands among those of its producer. */
export interface BatchPlace {
  readonly producer: string;
  readonly number: number;
  /** Through which number the bus has all. */
  readonly ackedThrough: number;
}

/** A message and the stream that it is for. */
export interface StreamMessage {
  readonly stream: StreamName;
  readonly message: Message;
}

/**
 * The messages that a batch becomes: of each group one with its outcomes and one with its rows, unless there are none.
 * Their ids say which batch it is, so that one that is sent again is known.
 */
export function batchMessages(
  groups: readonly GroupBatch[],
  { producer, number, ackedThrough }: BatchPlace,
  origin: Pick<Message, 'source' | 'time'>,
): StreamMessage[] {
  const common = { version: 1, ...origin };
  return groups.flatMap(({ group, outcomes, rows }) => {
    const id = `${producer}.${number}.${group}`;
    const messages: StreamMessage[] = [];
    if (outcomes.length > 0) {
      const data: KeyOutcomes = {
        group,
        producer,
        batch: number,
        acked_through: ackedThrough,
        outcomes: outcomes.slice(),
      };
      const about = { type: messageTypes.keyOutcomes, subject: subjects.keyOutcome(group) };
      messages.push({
        stream: 'KEY_OUTCOMES',
        message: { id: `${id}.o`, ...common, ...about, data },
      });
    }
    if (rows.count > 0) {
      const data: RequestLogs = {
        group,
        producer,
        batch: number,
        count: rows.count,
        rows: rows.text(),
      };
      const about = { type: messageTypes.requestLogs, subject: subjects.requestLog(group) };
      messages.push({
        stream: 'REQUEST_LOGS',
        message: { id: `${id}.l`, ...common, ...about, data },
      });
    }
    return messages;
  });
}
