import type { Vault } from '@keymux/vault';
import { fingerprintsOf } from '../fingerprints.ts';
import type { SearchKeys } from '../roster.ts';
import { createEndMatch, isEnd } from '../search-end.ts';
import type { KeyCollections } from './collections.ts';
import { secretOf, tailOf } from './key-document.ts';

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Searches in MongoDB. */
export function createKeySearch({ keys }: Pick<KeyCollections, 'keys'>, vault: Vault): SearchKeys {
  return async (poolId, text) => {
    const secrets = fingerprintsOf(vault, text).map((each) => secretOf(poolId, each));
    const exact = await keys
      .find(
        {
          pool: poolId,
          $or: [
            { _id: text },
            { secret: { $in: secrets } },
            { tail: tailOf(text), masked: text },
            { note: { $regex: escaped(text), $options: 'i' } },
          ],
        },
        { projection: { seq: 1 } },
      )
      .toArray();
    const seqs = new Set(exact.map(({ seq }) => seq));
    if (!isEnd(text)) return [...seqs];
    const matches = createEndMatch(vault, text);
    const projection = { seq: 1, sealed: 1, masked: 1 };
    const alike = keys.find({ pool: poolId, tail: tailOf(text) }, { projection });
    for await (const key of alike) if (matches(key)) seqs.add(key.seq);
    return [...seqs];
  };
}
