import { setTimeout as sleep } from 'node:timers/promises';
import { type Committed, type CommitLog, TooManyConflicts } from '@keymux/event-store';
import type { MongoOutcomeArchive } from '../../outcome-archive/mongodb/outcome-archive.ts';
import type { TaskCollection } from '../../tasks/mongodb/task-document.ts';
import { type Ledger, poolClosed, poolStream, type Reach, type Written } from '../ledger.ts';
import { WorkingUnit } from '../unit.ts';
import { type About, batchClaim, revisionClaim, stepClaim, touchedGroup } from './about.ts';
import type { KeyCollections } from './collections.ts';
import { loadReach } from './load-reach.ts';
import { planCommit } from './plan-commit.ts';
import type { OwnCommit, Projector } from './projector.ts';

const maxTries = 30;
const pauseMs = 10;

/**
 * The ledger over commits: what a write decides is one document, and what follows from it is done
 * after, in the order of commits. Every commit that changes a pool claims the pool's next revision,
 * so that those of one group are decided one on the other.
 */
export function createLedger(deps: {
  readonly log: CommitLog;
  readonly collections: KeyCollections;
  readonly tasks: TaskCollection;
  readonly projector: Projector;
  readonly archive: Pick<MongoOutcomeArchive, 'put'>;
}): Ledger {
  const { log, collections, projector, archive } = deps;
  const { pools } = collections;
  // One write at a time: those of this process would only decide on each other's old news.
  let tail: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work);
    tail = turn.catch(() => undefined);
    return turn;
  };

  async function settle(about: About, own?: OwnCommit): Promise<void> {
    await projector.settle({
      touching: about.touches,
      through: own === undefined ? Number.MAX_SAFE_INTEGER : own.commit._id,
      ...(own === undefined ? {} : { own }),
    });
  }

  // What a refusal means for the write; undefined to try again.
  async function refused<T>(
    committed: Exclude<Committed<About>, { kind: 'committed' }>,
    { about, reach }: { readonly about: About; readonly reach: Reach },
  ): Promise<Written<T> | undefined> {
    await settle(about);
    if (committed.kind === 'duplicate') return { kind: 'duplicate', id: committed.id };
    if (committed.kind === 'conflict') return undefined;
    const { batch, step } = reach;
    if (batch !== undefined && committed.name === batchClaim(batch)) {
      return { kind: 'duplicate', id: committed.name };
    }
    return step !== undefined && committed.name === stepClaim(step)
      ? { kind: 'stopped' }
      : undefined;
  }

  return {
    write: <T>(reach: Reach, work: (unit: WorkingUnit) => T) =>
      inTurn(async (): Promise<Written<T>> => {
        for (let each = 0; each < maxTries; each += 1) {
          const loaded = await loadReach(deps, reach);
          if (loaded === undefined) return { kind: 'stopped' };
          const unit = new WorkingUnit(loaded.reached);
          const result = work(unit);
          const planned = planCommit(unit, loaded, reach);
          if (planned === undefined) return { kind: 'written', result };
          const { changed, about, ...commit } = planned;
          // Before the commit: when this process dies in between, the batch is heard and put again.
          if (reach.batch !== undefined && unit.archived !== undefined) {
            await archive.put(batchClaim(reach.batch), unit.archived);
          }
          const committed = await log.commit({ ...commit, about });
          if (committed.kind === 'committed') {
            await settle(about, { commit: committed.commit, changed });
            return { kind: 'written', result };
          }
          const written = await refused<T>(committed, { about, reach });
          if (written !== undefined) return written;
          await sleep(Math.random() * pauseMs * each);
        }
        throw new TooManyConflicts(`keys changed ${maxTries} times while they were written`);
      }),
    closePool: (poolId, { cause, actor, nowMs }) =>
      inTurn(async () => {
        for (let each = 0; each < maxTries; each += 1) {
          const pool = await pools.findOne({ _id: poolId });
          if (pool === null || pool.closed) return;
          const { name: group } = pool;
          const revision = pool.revision + 1;
          const time = new Date(nowMs).toISOString();
          const event = {
            id: `${cause}.${poolStream(poolId)}`,
            type: poolClosed,
            time,
            actor,
            data: { group },
          };
          const about: About = {
            touches: [touchedGroup(group)],
            pools: [{ pool: poolId, group, revision }],
            counts: [],
            step: null,
            closes: poolId,
          };
          const committed = await log.commit({
            batch: [{ stream: poolStream(poolId), expectedVersion: 0, events: [event] }],
            claims: [revisionClaim(group, revision)],
            about,
          });
          if (committed.kind === 'committed') {
            return settle(about, { commit: committed.commit, changed: [] });
          }
          await settle(about);
        }
        throw new TooManyConflicts(`pool ${poolId} changed ${maxTries} times while it was closed`);
      }),
    announce: (changed) =>
      inTurn(async () => {
        if (changed.length === 0) return;
        for (let each = 0; each < maxTries; each += 1) {
          const ids = [...new Set(changed.map(({ poolId }) => poolId))];
          const open = await pools.find({ _id: { $in: ids }, closed: false }).toArray();
          if (open.length === 0) return;
          const advanced = open.map(({ _id: pool, name: group, revision }) => {
            return { pool, group, revision: revision + 1 };
          });
          const touches = advanced.map(({ group }) => touchedGroup(group));
          const about: About = { touches, pools: advanced, counts: [], step: null, closes: null };
          const claims = advanced.map(({ group, revision }) => revisionClaim(group, revision));
          const committed = await log.commit({ batch: [], claims, about });
          if (committed.kind === 'committed') {
            const repaired = changed.map((key) => ({ ...key, repaired: true }));
            return settle(about, { commit: committed.commit, changed: repaired });
          }
          await settle(about);
          await sleep(Math.random() * pauseMs * each);
        }
        throw new TooManyConflicts(`keys changed ${maxTries} times while they were announced`);
      }),
    tell: (hear) => projector.tell(hear),
    // The server forgets them by itself.
    prune: () => Promise.resolve(),
  };
}
