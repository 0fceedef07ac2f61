import type { KeyRow, Keys } from '../keys.ts';
import type { KeyCollections } from './collections.ts';
import { keysIn, listedIn, secretOf } from './key-document.ts';

/** Fingerprints in one query. */
const askedAtOnce = 1_000;

/** Of keys that are to get another fingerprint, those whose pool has it already. */
export async function duplicatesAmong(
  { keys }: Pick<KeyCollections, 'keys'>,
  rows: readonly Pick<KeyRow, 'id' | 'poolId'>[],
  newFingerprints: ReadonlyMap<string, string>,
): Promise<Set<string>> {
  const coming = rows.flatMap(({ id, poolId }) => {
    const fingerprint = newFingerprints.get(id);
    return fingerprint === undefined ? [] : [{ id, secret: secretOf(poolId, fingerprint) }];
  });
  if (coming.length === 0) return new Set();
  const secrets = coming.map(({ secret }) => secret);
  const found = new Set(await keys.distinct('secret', { secret: { $in: secrets } }));
  return new Set(coming.flatMap(({ id, secret }) => (found.has(secret) ? [id] : [])));
}

/** The ids of the keys of a pool with these fingerprints, by fingerprint. */
export async function idsBySecret(
  { keys }: Pick<KeyCollections, 'keys'>,
  poolId: number,
  fingerprints: readonly string[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (let from = 0; from < fingerprints.length; from += askedAtOnce) {
    const secrets = fingerprints
      .slice(from, from + askedAtOnce)
      .map((fingerprint) => secretOf(poolId, fingerprint));
    const found = keys.find({ secret: { $in: secrets } }, { projection: { fingerprint: 1 } });
    for await (const { _id, fingerprint } of found) ids.set(fingerprint, _id);
  }
  return ids;
}

/** Keys one by one, from MongoDB. */
export function createKeys(collections: KeyCollections): Keys {
  const { keys } = collections;
  return {
    find: async (id) => {
      const document = await keys.findOne({ _id: id });
      return document === null ? undefined : listedIn(document);
    },
    after: async (seq, limit) =>
      keysIn(
        await keys
          .find({ seq: { $gt: seq }, pool: { $exists: true } })
          .sort({ seq: 1 })
          .limit(limit)
          .toArray(),
      ),
    idsBySecret: (poolId, fingerprints) => idsBySecret(collections, poolId, fingerprints),
  };
}
