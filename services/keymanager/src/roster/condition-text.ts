import { Compile } from 'typebox/compile';
import { type Condition, ConditionSchema, freshCondition, type LiveKey } from '../key/state.ts';

const isCondition = Compile(ConditionSchema);
const fresh = JSON.stringify(freshCondition);

/** The condition of a key as text; empty for one that never had a failure. */
export function conditionText(state: LiveKey): string {
  const { group: _g, sealed: _s, fingerprint: _f, masked: _m, note: _n, ...condition } = state;
  const text = JSON.stringify(condition);
  return text === fresh ? '' : text;
}

/** Reads what {@link conditionText} wrote. */
export function readCondition(text: string): Condition {
  if (text === '') return freshCondition;
  const condition: unknown = JSON.parse(text);
  if (!isCondition.Check(condition)) throw new Error('the condition of a key is unreadable');
  return condition;
}

/** When the next probe may be due is counted from here, epoch ms: the last probe, or the verdict. */
export function checkedMs(state: LiveKey): number {
  const since = state.status === 'blacklisted' ? state.since_ms : 0;
  return Math.max(since, state.check?.at_ms ?? 0);
}
