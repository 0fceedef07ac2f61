import type { EventStore } from '@keymux/event-store';
import { readSnappedPool } from '../history/snapped-pool.ts';
import type { KeyFact } from '../key/command.ts';
import type { KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import type { HeardOutcomes, OutcomeArchive } from '../outcome-archive/outcome-archive.ts';
import type { PoolSnapshots } from '../pool-snapshots/pool-snapshots.ts';
import type { KeyList } from '../roster/key-list.ts';
import { Following } from './following.ts';
import { createPace, type Pace } from './pace.ts';
import { asItRan, type ReplayPolicy } from './policy.ts';
import { outsideOf, Replay, type ReplayReport } from './replay.ts';
import { readStartingPool } from './starting-pool.ts';
import { UsableKeys } from './usable-keys.ts';

/** Batches are small or large: about so many outcomes are read at once. */
const pageOutcomes = 2_000;
const mostBatches = 1_000;
const samples = 120;

export interface WhatIfDeps {
  readonly archive: OutcomeArchive;
  readonly store: Pick<EventStore, 'read'>;
  readonly snapshots: Pick<KeySnapshots, 'latest'>;
  readonly poolSnapshots: Pick<PoolSnapshots, 'latest' | 'parts'>;
  readonly list: KeyList;
}

type Working = WhatIfDeps & { readonly pace: Pace };

/** What is asked: outcomes of a group heard in [fromMs, toMs), under another policy. */
export interface Question {
  readonly group: string;
  /** Null when the group never had a key. */
  readonly poolId: number | null;
  readonly policy: ReplayPolicy;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Answer {
  readonly outcomes: number;
  readonly before: ReplayReport;
  readonly after: ReplayReport;
}

/**
 * Replays recorded outcomes as they were decided and as they would have been. Works in slices, so that
 * whoever else works in this process gets a turn. `made` is told each fact of the replay as it ran.
 */
export async function whatIf(
  stores: WhatIfDeps,
  question: Question,
  made?: (id: string, fact: KeyFact) => void,
): Promise<Answer> {
  const { group, poolId, fromMs, toMs, policy } = question;
  const deps = { ...stores, pace: createPace() };
  const snapped = await readSnappedPool(deps.poolSnapshots, { group, atMs: fromMs - 1 });
  const following = new Following(snapped.keys);
  await eachBatch(deps, question, (batch) => following.hear(batch));
  const about = { poolId, fromMs, toMs, snapped, following };
  const { keys, others, coming } = await readStartingPool(deps, about);
  const sampleMs = Math.max(1_000, Math.ceil((toMs - fromMs) / samples));
  const outside = outsideOf(keys);
  const replay = (under: ReplayPolicy): Replay =>
    new Replay({
      policy: under,
      outside,
      usable: new UsableKeys({ others, coming, fromMs, sampleMs }),
      ...(under === asItRan && made !== undefined ? { made } : {}),
    });
  const [before, after] = [replay(asItRan), replay(policy)];
  for (const [id, key] of keys) {
    before.begin(id, key);
    after.begin(id, key);
    await deps.pace();
  }
  let outcomes = 0;
  await eachBatch(deps, question, (batch) => {
    outcomes += countOf(batch);
    before.hear(batch);
    after.hear(batch);
  });
  return { outcomes, before: before.end(toMs), after: after.end(toMs) };
}

function countOf({ outcomes }: HeardOutcomes): number {
  return outcomes.reduce((sum, each) => sum + (each.kind === 'success' ? each.count : 1), 0);
}

async function eachBatch(
  { archive, pace }: Pick<Working, 'archive' | 'pace'>,
  { group, fromMs, toMs }: Question,
  work: (batch: HeardOutcomes) => void,
): Promise<void> {
  let limit = 1;
  for (let after = null; ;) {
    const page = await archive.page({ group, fromMs, toMs, after, limit });
    await pace();
    for (const batch of page.batches) {
      work(batch);
      await pace();
    }
    if (page.next === null) return;
    after = page.next;
    const found = page.batches.reduce((sum, { outcomes }) => sum + outcomes.length, 1);
    const fitting = Math.floor((pageOutcomes * page.batches.length) / found);
    limit = Math.max(1, Math.min(fitting, limit * 2, mostBatches));
  }
}
