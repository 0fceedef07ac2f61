import { type Cause, type LiveKey, type Rest, statusAt } from './state.ts';

/** What a sentence tells of a failure. */
type Told = Omit<Cause, 'at_ms'>;

const isoOf = (ms: number): string => new Date(ms).toISOString();

function answerOf(cause: Told): string {
  const what = cause.status === null ? cause.rule : String(cause.status);
  const said = cause.message === '' ? '' : ` “${cause.message}”`;
  const request = cause.request_id === null ? '' : `, request ${cause.request_id}`;
  return `${what} from ${cause.upstream}${said} (rule ${cause.rule}${request})`;
}

const failures = (count: number): string => (count === 1 ? '1 failure' : `${count} failures`);

/** That a key is out, and why. */
export function blacklistedText(cause: Told): string {
  const counted = cause.threshold > 0 && cause.streak >= cause.threshold;
  const after = counted ? `after ${failures(cause.streak)} in a row` : 'at once';
  return `Blacklisted ${after}: ${answerOf(cause)}.`;
}

/** Until when a key rests, and why. */
export function coolingText({
  model,
  until_ms,
  cause,
}: Omit<Rest, 'cause'> & { readonly cause: Told }): string {
  const of = model === null ? '' : ` for ${model}`;
  return `Cooling down${of} until ${isoOf(until_ms)}: ${answerOf(cause)}.`;
}

/** That a key is back, and why. */
export function restoredText({ message, at_ms }: NonNullable<LiveKey['restored']>): string {
  return `Restored at ${isoOf(at_ms)}: ${message}`;
}

/** One sentence for a person: why the key is in its state at this moment. */
export function why(key: LiveKey, nowMs: number): string {
  const status = statusAt(key, nowMs);
  if (key.status === 'blacklisted') return blacklistedText(key.cause);
  if (key.status === 'disabled') {
    const before = key.blacklisting === null ? '' : ` ${blacklistedText(key.blacklisting.cause)}`;
    return `Disabled by a person at ${isoOf(key.since_ms)}.${before}`;
  }
  if (status === 'cooling') {
    const last = key.rests.reduce((a, b) => (b.until_ms > a.until_ms ? b : a));
    return coolingText(last);
  }
  if (key.failure !== null && key.streak > 0) {
    return `Active after ${failures(key.streak)} in a row: ${answerOf(key.failure)}.`;
  }
  const undone = key.undone?.at(-1);
  if (undone !== undefined) {
    return `Active: a person took its last verdict back at ${isoOf(undone.at_ms)} (undo ${undone.undo_id}).`;
  }
  if (key.restored !== null) {
    return restoredText(key.restored);
  }
  return 'Active: no failure counts against it.';
}
