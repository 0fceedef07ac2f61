import type { KeyStateChanged, PoolKey } from '@keymux/contracts';
import type { LiveKey } from '../key/state.ts';

/** A key as gateways know it. */
export function toPoolKey(
  key: { readonly id: string; readonly version: number; readonly state: LiveKey },
  nowMs: number,
): PoolKey {
  const { id, version, state } = key;
  return {
    id,
    sealed: state.sealed,
    masked: state.masked,
    state: state.status,
    streak: state.streak,
    cooldowns: state.rests
      .filter((rest) => rest.until_ms > nowMs)
      .map(({ model, until_ms }) => ({ model, until_ms })),
    version,
  };
}

/** Most keys in one message: a gateway answers no request while it takes them in, about a millisecond. */
const maxChanges = 500;

/** Splits the changes of one pool into messages, each with a revision of its own. */
export function toMessages(
  group: string,
  changes: readonly PoolKey[],
  nextRevision: () => number,
): KeyStateChanged[] {
  const messages: KeyStateChanged[] = [];
  for (let from = 0; from < changes.length; from += maxChanges) {
    const part = changes.slice(from, from + maxChanges);
    messages.push({ group, pool_revision: nextRevision(), changes: part });
  }
  return messages;
}
