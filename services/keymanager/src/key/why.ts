import { type Cause, type LiveKey, statusAt } from './state.ts';

const isoOf = (ms: number): string => new Date(ms).toISOString();

function answerOf(cause: Cause): string {
  const what = cause.status === null ? cause.rule : String(cause.status);
  const said = cause.message === '' ? '' : ` “${cause.message}”`;
  const request = cause.request_id === null ? '' : `, request ${cause.request_id}`;
  return `${what} from ${cause.upstream}${said} (rule ${cause.rule}${request})`;
}

const failures = (count: number): string => (count === 1 ? '1 failure' : `${count} failures`);

function blacklisted(cause: Cause): string {
  const counted = cause.threshold > 0 && cause.streak >= cause.threshold;
  const after = counted ? `after ${failures(cause.streak)} in a row` : 'at once';
  return `Blacklisted ${after}: ${answerOf(cause)}.`;
}

/** One sentence for a person: why the key is in its state at this moment. */
export function why(key: LiveKey, nowMs: number): string {
  const status = statusAt(key, nowMs);
  if (key.status === 'blacklisted') return blacklisted(key.cause);
  if (key.status === 'disabled') {
    const before = key.blacklisting === null ? '' : ` ${blacklisted(key.blacklisting.cause)}`;
    return `Disabled by a person at ${isoOf(key.since_ms)}.${before}`;
  }
  if (status === 'cooling') {
    const last = key.rests.reduce((a, b) => (b.until_ms > a.until_ms ? b : a));
    const of = last.model === null ? '' : ` for ${last.model}`;
    return `Cooling down${of} until ${isoOf(last.until_ms)}: ${answerOf(last.cause)}.`;
  }
  if (key.failure !== null && key.streak > 0) {
    return `Active after ${failures(key.streak)} in a row: ${answerOf(key.failure)}.`;
  }
  const undone = key.undone?.at(-1);
  if (undone !== undefined) {
    return `Active: a person took its last verdict back at ${isoOf(undone.at_ms)} (undo ${undone.undo_id}).`;
  }
  if (key.restored !== null) {
    return `Restored at ${isoOf(key.restored.at_ms)}: ${key.restored.message}`;
  }
  return 'Active: no failure counts against it.';
}
