import type { Verdicts } from '@keymux/contracts';
import type { Cause, Condition, LiveKey } from './state.ts';

/** Most undos of a key that can still be taken back. */
const maxUndone = 8;

/** True for a failure whose verdict an undo takes back. */
export function isMeantBy({ rule, status, upstream, from, to }: Verdicts, cause: Cause): boolean {
  return (
    (rule === null || cause.rule === rule) &&
    (status === null || cause.status === status) &&
    (upstream === null || cause.upstream === upstream) &&
    cause.at_ms >= Date.parse(from) &&
    cause.at_ms <= Date.parse(to)
  );
}

/** True for a key that is blacklisted or cools down by what an undo takes back. */
export function isUndoable(key: Condition, verdicts: Verdicts, nowMs: number): boolean {
  if (key.status === 'blacklisted' && isMeantBy(verdicts, key.cause)) return true;
  if (key.status === 'disabled') return false;
  return key.rests.some((rest) => rest.until_ms > nowMs && isMeantBy(verdicts, rest.cause));
}

/** A key without the verdicts that an undo takes back; it remembers what it was. */
export function undo(
  key: LiveKey,
  { undo_id, verdicts }: { readonly undo_id: string; readonly verdicts: Verdicts },
  atMs: number,
): LiveKey {
  const { group, sealed, fingerprint, masked, note, undone = [], ...before } = key;
  const { failure, streak, restored, check } = key;
  const forgets = failure === null || isMeantBy(verdicts, failure);
  const after = {
    streak: forgets ? 0 : streak,
    failure: forgets ? null : failure,
    rests: key.rests.filter((rest) => !isMeantBy(verdicts, rest.cause)),
    forgiven_ms: Math.max(key.forgiven_ms, atMs),
    restored,
    check,
    undone: [...undone, { undo_id, at_ms: atMs, before }].slice(-maxUndone),
  };
  const who = { group, sealed, fingerprint, masked, note };
  if (key.status === 'blacklisted' && !isMeantBy(verdicts, key.cause)) {
    return { ...who, ...after, status: 'blacklisted', since_ms: key.since_ms, cause: key.cause };
  }
  if (key.status === 'disabled') {
    const { since_ms, blacklisting } = key;
    return { ...who, ...after, status: 'disabled', since_ms, blacklisting };
  }
  return { ...who, ...after, status: 'active' };
}

/** A key as it was before its last undo, if that is the one. */
export function revert(key: LiveKey, undoId: string): LiveKey {
  const { group, sealed, fingerprint, masked, note, check, undone = [] } = key;
  const last = undone.at(-1);
  if (last === undefined || last.undo_id !== undoId) return key;
  const rest = undone.slice(0, -1);
  return {
    group,
    sealed,
    fingerprint,
    masked,
    note,
    ...last.before,
    // What a probe said meanwhile is still true.
    check,
    ...(rest.length === 0 ? {} : { undone: rest }),
  };
}

/** A key whose undos cannot be taken back any more, because something else changed it. */
export function withoutUndone(key: LiveKey): LiveKey {
  if (key.undone === undefined) return key;
  const { undone: _, ...others } = key;
  return others;
}
