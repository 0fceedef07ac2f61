import { isFinished } from '../../tasks/task-record.ts';
import type { TaskCollection } from '../../tasks/mongodb/task-document.ts';
import type { Reach } from '../ledger.ts';
import type { Reached } from '../unit.ts';
import type { KeyCollections, PoolDocument } from './collections.ts';
import { keysIn } from './key-document.ts';
import { duplicatesAmong, idsBySecret } from './keys.ts';
import { poolIn } from './pools.ts';

/** What a write is decided on. */
export interface Loaded {
  readonly reached: Reached;
  /** Of every key in reach. */
  readonly pools: ReadonlyMap<number, PoolDocument>;
}

/** Reads what a write is about; undefined when its task ended, or its pool is closed. */
export async function loadReach(
  { collections, tasks }: { readonly collections: KeyCollections; readonly tasks: TaskCollection },
  { keyIds = [], adds, newFingerprints, step }: Reach,
): Promise<Loaded | undefined> {
  const { keys, pools } = collections;
  if (step !== undefined) {
    const task = await tasks.findOne({ _id: step.id });
    if (task === null || isFinished(task.state)) return undefined;
  }
  // Pools come first: a change after this moment is refused by their next revision.
  const pool = adds === undefined ? null : await pools.findOne({ _id: adds.poolId });
  if (adds !== undefined && (pool === null || pool.closed)) return undefined;
  const rows = keysIn(
    keyIds.length === 0 ? [] : await keys.find({ _id: { $in: [...keyIds] } }).toArray(),
  );
  const found = new Map(pool === null ? [] : [[pool._id, pool]]);
  const missing = [...new Set(rows.map(({ poolId }) => poolId))].filter((id) => !found.has(id));
  if (missing.length > 0) {
    for await (const each of pools.find({ _id: { $in: missing } })) found.set(each._id, each);
  }
  const known =
    adds === undefined ? [] : await idsBySecret(collections, adds.poolId, adds.fingerprints);
  const duplicates =
    newFingerprints === undefined
      ? new Set<string>()
      : await duplicatesAmong(collections, rows, newFingerprints);
  const reached = {
    rows: new Map(rows.map((row) => [row.id, row])),
    pool: pool === null ? null : poolIn(pool),
    known: new Set(new Map(known).keys()),
    duplicates,
  };
  return { reached, pools: found };
}
