import { createMongoEventStore } from '@keymux/event-store';
import { isMongoAway } from '@keymux/mongodb';
import type { Clock, Logger } from '@keymux/service';
import type { Vault } from '@keymux/vault';
import type { Db } from 'mongodb';
import { createMongoGoods } from '../house/mongodb-goods.ts';
import { createMongoSpool } from '../import/mongodb/mongodb-spool.ts';
import { createMongoKeySnapshots } from '../key-snapshots/mongodb/key-snapshots.ts';
import { createMongoOutcomeArchive } from '../outcome-archive/mongodb/outcome-archive.ts';
import { createMongoPoolSnapshots } from '../pool-snapshots/mongodb/pool-snapshots.ts';
import { keyCollections, prepareKeys } from '../roster/mongodb/collections.ts';
import { createProjector } from '../roster/mongodb/projector.ts';
import { createMongoRoster } from '../roster/mongodb/roster.ts';
import { prepareTasks, taskCollections } from '../tasks/mongodb/task-document.ts';
import { createMongoTaskStore } from '../tasks/mongodb/task-store.ts';
import { createEmptyCommits } from './empty-commits.ts';
import type { KeyStore } from './key-store.ts';

const sweepMs = 1_000;
/** How long a commit waits for its writer before others finish it; a store that is slow gets no second load so. */
const leftMs = 5_000;
const forgetMs = 600_000;

/** Keeps keys and uploads in a MongoDB database, which any number of keymanagers share. */
export function createMongoKeyStore(deps: {
  readonly db: Db;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
}): KeyStore {
  const { db, vault, clock, log } = deps;
  const events = createMongoEventStore(db);
  const { commits } = events.log;
  const collections = keyCollections(db);
  const taskLists = taskCollections(db);
  const { tasks } = taskLists;
  const projector = createProjector({ log: events.log, collections, tasks, clock });
  const archive = createMongoOutcomeArchive(db);
  const snapshots = createMongoKeySnapshots(db);
  const poolSnapshots = createMongoPoolSnapshots(db);
  const spool = createMongoSpool(db);
  const forgetEmpty = createEmptyCommits({ commits, clock });
  const timers: NodeJS.Timeout[] = [];
  let seen = new Map<number, number>();
  let sweeping: Promise<void> = Promise.resolve();

  // What has been pending for long was left by a writer that died.
  async function sweep(): Promise<void> {
    const pending = await commits.find({ pending: true }, { projection: { _id: 1 } }).toArray();
    const nowMs = performance.now();
    seen = new Map(pending.map(({ _id }) => [_id, seen.get(_id) ?? nowMs]));
    const left = [...seen].flatMap(([position, sinceMs]) =>
      nowMs - sinceMs < leftMs ? [] : [position],
    );
    if (left.length > 0) await projector.settle({ touching: null, through: Math.max(...left) });
  }

  function every(ms: number, work: () => Promise<void>): NodeJS.Timeout {
    return setInterval(() => {
      sweeping = sweeping.then(work).catch((error: unknown) => {
        if (isMongoAway(error)) log.warn({ err: error }, 'commits cannot be looked through now');
        else log.error({ err: error }, 'commits that were left could not be finished');
      });
    }, ms);
  }

  return {
    events,
    roster: createMongoRoster({
      store: events,
      collections,
      tasks,
      projector,
      archive,
      vault,
      clock,
    }),
    tasks: createMongoTaskStore(taskLists, { log: events.log, projector }),
    archive,
    snapshots,
    poolSnapshots,
    spool,
    goods: createMongoGoods(collections),
    start: async () => {
      await events.log.prepare();
      await prepareKeys(collections);
      await prepareTasks(taskLists);
      await archive.prepare();
      await snapshots.prepare();
      await poolSnapshots.prepare();
      await spool.prepare();
      timers.push(every(sweepMs, sweep), every(forgetMs, forgetEmpty));
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await sweeping;
    },
  };
}
