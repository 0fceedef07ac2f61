import { deflateRaw, inflateRaw } from 'node:zlib';
import { promisify } from 'node:util';
import { type Condition, freshCondition, type LiveKey } from '../key/state.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Raised when the same events fold to another state: then old snapshots count for nothing. */
const form = 1;

/** A key in a snapshot of its pool, without what is under an encryption key, and without its note. */
export interface SnappedKey {
  readonly id: string;
  readonly version: number;
  readonly state: LiveKey;
}

/** The condition is 0 for a key of which nothing is known but that it was imported. */
type Row = readonly [id: string, version: number, masked: string, condition: Condition | 0];

/** Some keys of a pool as they are kept: JSON, deflated. */
export async function packPart(keys: readonly SnappedKey[]): Promise<Uint8Array> {
  const rows = keys.map(({ id, version, state }): Row => {
    const { group: _g, note: _n, sealed: _s, fingerprint: _f, masked, ...condition } = state;
    return [id, version, masked, version === 1 ? 0 : condition];
  });
  return deflate(JSON.stringify([form, rows]), { level: 1 });
}

/** The keys again; undefined for those of another form. */
export async function unpackPart(
  part: Uint8Array,
  group: string,
): Promise<SnappedKey[] | undefined> {
  // Our own words: only their form may be another one.
  const [found, rows] = JSON.parse((await inflate(part)).toString('utf8')) as [number, Row[]];
  if (found !== form) return undefined;
  const secret = { group, note: '', sealed: '', fingerprint: '' };
  return rows.map(([id, version, masked, condition]) => ({
    id,
    version,
    state: { ...secret, masked, ...(condition === 0 ? freshCondition : condition) },
  }));
}
