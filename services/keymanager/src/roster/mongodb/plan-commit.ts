import type { StreamAppend } from '@keymux/event-store';
import type { Reach } from '../ledger.ts';
import type { ChangedKey, WorkingUnit } from '../unit.ts';
import {
  type About,
  batchClaim,
  revisionClaim,
  stepAbout,
  stepClaim,
  touchedGroup,
  touchedTask,
} from './about.ts';
import type { Loaded } from './load-reach.ts';

/** What is to be committed, and the keys that it changes. */
export interface PlannedCommit {
  readonly batch: readonly StreamAppend[];
  readonly claims: readonly string[];
  readonly about: About;
  readonly changed: readonly ChangedKey[];
}

/** What a unit comes to as a commit; undefined when it does nothing. */
export function planCommit(
  unit: WorkingUnit,
  loaded: Loaded,
  { batch, step }: Reach,
): PlannedCommit | undefined {
  const changed = unit.changes();
  const touched = new Map<number, string>();
  for (const { poolId, group } of changed) touched.set(poolId, group);
  const advanced = Array.from(touched, ([pool, group]) => {
    const document = loaded.pools.get(pool);
    if (document === undefined) throw new Error(`there is no pool ${pool}`);
    return { pool, group, revision: document.closed ? null : document.revision + 1 };
  });
  const counts = [...unit.counts].flatMap(([key, { requests, failures, lastUsedMs }]) =>
    unit.find(key) === undefined ? [] : [{ key, requests, failures, last_used_ms: lastUsedMs }],
  );
  const counted = counts.flatMap(({ key }) => unit.find(key)?.state.group ?? []);
  const groups = [...touched.values(), ...(batch === undefined ? [] : [batch.group])];
  const progress = step === undefined ? undefined : unit.step;
  const about: About = {
    touches: [
      ...[...new Set([...groups, ...counted])].map(touchedGroup),
      ...(step === undefined ? [] : [touchedTask(step.id)]),
    ],
    pools: advanced,
    counts,
    step: step === undefined || progress === undefined ? null : stepAbout(step, progress),
    closes: null,
  };
  const claims = [
    ...(batch === undefined ? [] : [batchClaim(batch)]),
    ...(step === undefined || progress === undefined ? [] : [stepClaim(step)]),
    ...advanced.flatMap(({ group, revision }) =>
      revision === null ? [] : [revisionClaim(group, revision)],
    ),
  ];
  const appends = unit.appends();
  if (appends.length + counts.length + claims.length === 0) return undefined;
  return { batch: appends, claims, about, changed };
}
