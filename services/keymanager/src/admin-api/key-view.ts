import type { KeyView } from '@keymux/contracts';
import { type LiveKey, statusAt } from '../key/state.ts';
import { why } from '../key/why.ts';
import type { ListedKey } from '../roster/keys.ts';

/** The state of a key as the API shows it: masked, as it is at a moment. */
export function stateView(
  state: LiveKey,
  nowMs: number,
): Pick<KeyView, 'group' | 'masked' | 'status' | 'why' | 'note' | 'streak' | 'cooldowns'> {
  return {
    group: state.group,
    masked: state.masked,
    status: statusAt(state, nowMs),
    why: why(state, nowMs),
    note: state.note,
    streak: state.streak,
    cooldowns: state.rests
      .filter((rest) => rest.until_ms > nowMs)
      .map(({ model, until_ms }) => ({ model, until: new Date(until_ms).toISOString() })),
  };
}

/** A key as the API shows it: masked, with its state at this moment. */
export function keyView(key: ListedKey, nowMs: number): KeyView {
  const { id, version, state, usage } = key;
  return {
    id,
    ...stateView(state, nowMs),
    requests: usage.requests,
    failures: usage.failures,
    created_at: new Date(key.createdMs).toISOString(),
    last_used_at: usage.lastUsedMs === 0 ? null : new Date(usage.lastUsedMs).toISOString(),
    version,
  };
}
