import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { openKey } from '../open-key.ts';
import type { HandlersDeps } from './handlers-deps.ts';
import type { TestKey } from './upstream-tests.ts';

/** A key to test with, or why there is none. */
export type PickedKey =
  | { readonly kind: 'key'; readonly key: TestKey }
  | { readonly kind: 'none'; readonly message: string; readonly masked: string | null };

const isPicked = Compile(
  Type.Object({
    key: Type.Union([
      Type.Object({ id: Type.String(), sealed: Type.String(), masked: Type.String() }),
      Type.Null(),
    ]),
  }),
);

/** One of the keys of a group, opened. */
export async function pickKey(
  { calls, vault }: Pick<HandlersDeps, 'calls' | 'vault'>,
  group: string,
): Promise<PickedKey> {
  const picked = await calls.call('keys.pick', { group });
  if (!isPicked.Check(picked)) throw new Error('the answer to keys.pick is unreadable');
  const { key } = picked;
  if (key === null) {
    return { kind: 'none', message: 'the group has no key to test with', masked: null };
  }
  const { masked } = key;
  const opened = openKey(vault, key.sealed);
  return opened.kind === 'unreadable'
    ? { kind: 'none', message: opened.message, masked }
    : { kind: 'key', key: { secret: opened.secret, masked } };
}
