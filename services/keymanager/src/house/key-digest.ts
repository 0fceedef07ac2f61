import type { KeyStore } from '../key-store/key-store.ts';
import { newDigest } from './house-line.ts';

const pageKeys = 1_000;

/** How many keys a store holds, and a hash of who they are, how they are and what was done with them, in order of import. */
export async function keyDigest({
  roster,
  goods,
}: Pick<KeyStore, 'roster' | 'goods'>): Promise<{ keys: number; roster: string }> {
  const digest = newDigest();
  let keys = 0;
  for (let after: number | null = 0; after !== null;) {
    const from: number = after;
    const rows = await roster.keys.after(from, pageKeys);
    const used = await goods.usage(from, pageKeys);
    for (const [at, { id, version, state }] of rows.entries()) {
      const usage = used.items[at];
      const { group, sealed, fingerprint, status, note } = state;
      digest.update(JSON.stringify([id, version, group, sealed, fingerprint, status, note, usage]));
    }
    keys += rows.length;
    after = used.next;
  }
  return { keys, roster: digest.digest('hex') };
}
