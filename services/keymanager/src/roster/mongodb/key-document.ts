import { isLive, type KeyState, lastCause, type LiveKey, restsUntilMs } from '../../key/state.ts';
import { checkedMs, conditionText, readCondition } from '../condition-text.ts';
import type { KeyRow, ListedKey } from '../keys.ts';
import type { KeyDocument } from './collections.ts';

const shownTail = 3;

/** What no two keys that live have in common: a secret, in its pool. */
export const secretOf = (poolId: number, fingerprint: string): string => `${poolId} ${fingerprint}`;
/** What a mask shows of the end of a secret. */
export const tailOf = (text: string): string => text.slice(-shownTail);

/** The fields of a document that are folded from events. */
export function stateFields(poolId: number, state: LiveKey, version: number) {
  const cause = lastCause(state);
  return {
    pool: poolId,
    group: state.group,
    secret: secretOf(poolId, state.fingerprint),
    fingerprint: state.fingerprint,
    sealed: state.sealed,
    masked: state.masked,
    tail: tailOf(state.masked),
    note: state.note,
    status: state.status,
    rest_until_ms: restsUntilMs(state),
    condition: conditionText(state),
    version,
    checked_ms: checkedMs(state),
    cause_rule: cause?.rule ?? null,
    cause_ms: cause?.at_ms ?? null,
  };
}

/** What a new document has beside the state. */
export const freshFields = { requests: 0, failures: 0, last_used_ms: 0, counted: 0 };

/** What is taken from the document of a key that is deleted. */
export const secretFields = {
  pool: '',
  secret: '',
  fingerprint: '',
  sealed: '',
  masked: '',
  tail: '',
  note: '',
  condition: '',
} as const;

/** The state in a document. */
export function stateIn(document: KeyDocument): KeyState {
  if (document.pool === undefined) return { status: 'deleted' };
  const { group, fingerprint, sealed, masked, note, condition } = document;
  return { group, fingerprint, sealed, masked, note, ...readCondition(condition) };
}

/** The key in a document; undefined for one that is deleted. */
export function keyIn(document: KeyDocument): KeyRow | undefined {
  const state = stateIn(document);
  if (!isLive(state) || document.pool === undefined) return undefined;
  const { seq, _id: id, pool: poolId, version, created_ms: createdMs } = document;
  return { seq, id, poolId, version, createdMs, state };
}

/** The same with what requests did. */
export function listedIn(document: KeyDocument): ListedKey | undefined {
  const key = keyIn(document);
  if (key === undefined) return undefined;
  const { requests, failures, last_used_ms: lastUsedMs } = document;
  return { ...key, usage: { requests, failures, lastUsedMs } };
}

/** The keys in documents, without those that are deleted. */
export function keysIn(documents: readonly KeyDocument[]): KeyRow[] {
  return documents.flatMap((document) => keyIn(document) ?? []);
}
