import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ConditionSchema, type LiveKey } from '../key/state.ts';

/** Raised when the same events fold to another state: then old snapshots count for nothing. */
const form = 1;

const isSnapshot = Compile(
  Type.Object({
    form: Type.Literal(form),
    group: Type.String(),
    masked: Type.String(),
    note: Type.String(),
    condition: ConditionSchema,
  }),
);

/** The state of a key as text, without what is under an encryption key. */
export function snapshotText(state: LiveKey): string {
  const { group, masked, note, sealed: _s, fingerprint: _f, ...condition } = state;
  return JSON.stringify({ form, group, masked, note, condition });
}

/** The state in a snapshot, its secret empty; undefined for one of another form. */
export function readSnapshot(text: string): LiveKey | undefined {
  const snapshot: unknown = JSON.parse(text);
  if (!isSnapshot.Check(snapshot)) return undefined;
  const { group, masked, note, condition } = snapshot;
  return { group, masked, note, sealed: '', fingerprint: '', ...condition };
}
