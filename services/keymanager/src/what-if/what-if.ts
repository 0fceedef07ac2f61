import type { EventStore } from '@keymux/event-store';
import { everyEvents } from '../history/key-then.ts';
import type { KeyFact } from '../key/command.ts';
import type { KeySnapshots } from '../key-snapshots/key-snapshots.ts';
import type { HeardOutcomes, OutcomeArchive } from '../outcome-archive/outcome-archive.ts';
import type { KeyList } from '../roster/key-list.ts';
import { createPace, type Pace } from './pace.ts';
import { asItRan, type ReplayPolicy } from './policy.ts';
import { Replay, type ReplayReport } from './replay.ts';
import { type HeardAt, readStartingKey, type StartingKey } from './starting-keys.ts';
import { UsableKeys } from './usable-keys.ts';

/** Batches are small or large: about so many outcomes are read at once. */
const pageOutcomes = 2_000;
const mostBatches = 1_000;
const pageKeys = 1_000;
const samples = 120;

export interface WhatIfDeps {
  readonly archive: OutcomeArchive;
  readonly store: Pick<EventStore, 'read'>;
  readonly snapshots: Pick<KeySnapshots, 'latest'>;
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
  const { fromMs, toMs, policy } = question;
  const deps = { ...stores, pace: createPace() };
  const heard = await hearings(deps, question);
  const keys = new Map<string, StartingKey>();
  for (const [id, at] of heard) {
    const isLong = (at[0]?.version ?? 0) > everyEvents;
    keys.set(id, await readStartingKey(deps, id, { fromMs, toMs, heard: at, isLong }));
    await deps.pace();
  }
  const { others, coming } = await untouched(deps, question, keys);
  const sampleMs = Math.max(1_000, Math.ceil((toMs - fromMs) / samples));
  const replay = (under: ReplayPolicy): Replay =>
    new Replay({
      policy: under,
      keys,
      usable: new UsableKeys({ others, coming, fromMs, sampleMs }),
      ...(under === asItRan && made !== undefined ? { made } : {}),
    });
  const [before, after] = [replay(asItRan), replay(policy)];
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

/** When failures of each key were heard: successes alone change nothing of a key that has none. */
async function hearings(deps: Working, question: Question): Promise<Map<string, HeardAt>> {
  const heard = new Map<string, { version: number; heardMs: number }[]>();
  await eachBatch(deps, question, ({ outcomes, versions, heardMs }) => {
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome.kind !== 'failure' && outcome.kind !== 'noted') continue;
      const known = heard.get(outcome.key_id);
      const one = { version: versions[at] ?? 0, heardMs };
      if (known === undefined) heard.set(outcome.key_id, [one]);
      else known.push(one);
    }
  });
  return heard;
}

/** Adds the keys of the pool that have a past, and counts those that have none. */
async function untouched(
  deps: Working,
  { poolId, fromMs, toMs }: Question,
  keys: Map<string, StartingKey>,
): Promise<{ others: number; coming: number[] }> {
  let others = 0;
  const coming: number[] = [];
  if (poolId === null) return { others, coming };
  const request = { poolId, filter: {}, order: 'created_at', direction: 'ascending' } as const;
  for (let after = null; ;) {
    const page = await deps.list.page({ ...request, after, limit: pageKeys });
    for (const { id, version, createdMs } of page.keys) {
      if (keys.has(id) || createdMs >= toMs) continue;
      if (version > 1) {
        const about = { fromMs, toMs, heard: [], isLong: version > everyEvents };
        keys.set(id, await readStartingKey(deps, id, about));
        await deps.pace();
      } else if (createdMs < fromMs) others += 1;
      else coming.push(createdMs);
    }
    if (page.next === null) return { others, coming };
    after = page.next;
    await deps.pace();
  }
}
