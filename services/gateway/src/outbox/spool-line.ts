import { type KeyOutcome, type KeyOutcomes, type RequestLogs } from '@keymux/contracts';

/**
 * The lines of the spool. A log row is serialised once, by the request; what the publisher needs
 * to fold successes stands before it, so that nobody parses the row again.
 */
export function rowLine(row: {
  group: string;
  /** The key that succeeded, or none. */
  keyId: string | null;
  requestId: string;
  time: string;
  json: string;
}): string {
  return `r\t${row.group}\t${row.keyId ?? ''}\t${row.requestId}\t${row.time}\t${row.json}`;
}

/** A failure or a tripped guard, written the moment it was judged. */
export function outcomeLine(group: string, outcome: KeyOutcome): string {
  return `o\t${group}\t${JSON.stringify(outcome)}`;
}

/** What a batch of lines says, by group. */
export interface GroupBatch {
  readonly group: string;
  readonly outcomes: KeyOutcome[];
  rows: string;
  rowCount: number;
}

interface Success {
  count: number;
  at: string;
  requestId: string;
}

/** Sorts lines by group and folds successes by key; lines it cannot read come back as `unreadable`. */
export function foldLines(lines: readonly string[]): {
  groups: GroupBatch[];
  unreadable: string[];
} {
  const groups = new Map<string, GroupBatch>();
  const successes = new Map<string, Map<string, Success>>();
  const unreadable: string[] = [];
  const groupOf = (group: string): GroupBatch => {
    let batch = groups.get(group);
    if (batch === undefined) {
      batch = { group, outcomes: [], rows: '', rowCount: 0 };
      groups.set(group, batch);
    }
    return batch;
  };
  // A success ends a streak: it must not change places with a failure of the same key.
  const flushSuccess = (group: string, keyId: string): void => {
    const success = successes.get(group)?.get(keyId);
    if (success === undefined) return;
    successes.get(group)?.delete(keyId);
    groupOf(group).outcomes.push({
      kind: 'success',
      key_id: keyId,
      at: success.at,
      count: success.count,
      request_id: success.requestId,
    });
  };
  for (const line of lines) {
    if (line.startsWith('r\t')) {
      const [group, keyId, requestId, at, json] = fields(line, 5);
      if (json === undefined) {
        unreadable.push(line);
        continue;
      }
      const batch = groupOf(group);
      batch.rows += `${json}\n`;
      batch.rowCount += 1;
      if (keyId === '') continue;
      let ofGroup = successes.get(group);
      if (ofGroup === undefined) successes.set(group, (ofGroup = new Map<string, Success>()));
      const success = ofGroup.get(keyId);
      if (success === undefined) ofGroup.set(keyId, { count: 1, at, requestId });
      else {
        success.count += 1;
        success.at = at;
        success.requestId = requestId;
      }
    } else if (line.startsWith('o\t')) {
      const [group, json] = fields(line, 2);
      if (json === undefined) {
        unreadable.push(line);
        continue;
      }
      // Our own line, written by `outcomeLine`; keymanager checks it by schema.
      const outcome = JSON.parse(json) as KeyOutcome;
      if (outcome.kind === 'failure' || outcome.kind === 'noted')
        flushSuccess(group, outcome.key_id);
      groupOf(group).outcomes.push(outcome);
    } else unreadable.push(line);
  }
  for (const [group, ofGroup] of successes) {
    for (const keyId of ofGroup.keys()) flushSuccess(group, keyId);
  }
  return { groups: [...groups.values()], unreadable };
}

function fields(line: string, count: 2): [string, string | undefined];
function fields(line: string, count: 5): [string, string, string, string, string | undefined];
function fields(line: string, count: number): (string | undefined)[] {
  const found: string[] = [];
  let from = 2;
  while (found.length < count - 1) {
    const tab = line.indexOf('\t', from);
    if (tab === -1)
      return Array.from({ length: count }, (_, at) => (at < count - 1 ? '' : undefined));
    found.push(line.slice(from, tab));
    from = tab + 1;
  }
  found.push(line.slice(from));
  return found;
}

/** The payloads that a group's part of a batch becomes. */
export function toPayloads(
  batch: GroupBatch,
  place: { producer: string; number: number; ackedThrough: number },
): { outcomes?: KeyOutcomes; logs?: RequestLogs } {
  const { group } = batch;
  const { producer, number } = place;
  return {
    ...(batch.outcomes.length === 0
      ? {}
      : {
          outcomes: {
            group,
            producer,
            batch: number,
            acked_through: place.ackedThrough,
            outcomes: batch.outcomes,
          },
        }),
    ...(batch.rowCount === 0
      ? {}
      : { logs: { group, producer, batch: number, count: batch.rowCount, rows: batch.rows } }),
  };
}
