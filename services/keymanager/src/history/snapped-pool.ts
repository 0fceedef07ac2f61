import { unpackPart } from '../pool-snapshots/pool-part.ts';
import type { PoolSnapshots } from '../pool-snapshots/pool-snapshots.ts';
import type { Folded } from './key-then.ts';

/** A key as folded from its first events. */
export type Begun = Pick<Folded, 'state' | 'version'>;

/** A pool as folded from all events up to a position. */
export interface SnappedPool {
  readonly keys: ReadonlyMap<string, Begun>;
  readonly position: number;
}

/** What is asked: the keys of a group at a moment, epoch ms. */
export interface PoolQuestion {
  readonly group: string;
  readonly atMs: number;
}

/** A pool as its newest readable snapshot up to a moment has it; without keys, at position 0, when there is none. */
export async function readSnappedPool(
  snapshots: Pick<PoolSnapshots, 'latest' | 'parts'>,
  { group, atMs }: PoolQuestion,
): Promise<SnappedPool> {
  const keys = new Map<string, Begun>();
  const snapshot = await snapshots.latest(group, atMs);
  if (snapshot === undefined) return { keys, position: 0 };
  for await (const part of snapshots.parts(snapshot)) {
    const found = await unpackPart(part, group);
    if (found === undefined) return { keys: new Map(), position: 0 };
    for (const { id, version, state } of found) keys.set(id, { state, version });
  }
  // One that was taken away meanwhile was perhaps not read to its end.
  const still = await snapshots.latest(group, atMs);
  if (still?.position !== snapshot.position) return readSnappedPool(snapshots, { group, atMs });
  return { keys, position: snapshot.position };
}
