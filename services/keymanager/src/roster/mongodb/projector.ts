import { setTimeout as sleep } from 'node:timers/promises';
import type { Commit, CommitLog } from '@keymux/event-store';
import type { Clock } from '@keymux/service';
import type { TaskCollection } from '../../tasks/mongodb/task-document.ts';
import type { Hear } from '../ledger.ts';
import { changesByPool } from '../pool-changes.ts';
import type { ChangedKey } from '../unit.ts';
import type { About } from './about.ts';
import { changedBy } from './changed-by.ts';
import type { KeyCollections } from './collections.ts';
import { createProjectCommit } from './project-commit.ts';

/** What this process just wrote, and what it changed by that. */
export interface OwnCommit {
  readonly commit: Commit<About>;
  readonly changed: readonly ChangedKey[];
}

interface SettleRequest {
  readonly touching: readonly string[] | null;
  readonly through: number;
  readonly own?: OwnCommit;
}

/** Does what follows from commits: keys, counters, tasks and pools, and telling gateways. */
export interface Projector {
  /**
   * Finishes what is pending up to a position, of what touches these or (null) of all, oldest first; of
   * `own` it is known what it changed. Whoever wrote the others may be gone, or at it right now.
   */
  settle(request: SettleRequest): Promise<void>;
  tell(hear: Hear): void;
}

const atOnce = 50;
/** A writer that lives finishes what it wrote in this time. */
const patienceMs = 200;
const lookMs = 10;
/** Gateways are told in order, but a bus that is away must not stop the store. */
const tellingMs = 200;

/** A projector: commits are finished by who wrote them, and by whoever needs them when that one is gone. */
export function createProjector(deps: {
  readonly log: CommitLog;
  readonly collections: KeyCollections;
  readonly tasks: TaskCollection;
  readonly clock: Clock;
}): Projector {
  const { log, collections, clock } = deps;
  const project = createProjectCommit(deps);
  /** Own commits that are being finished, by position. */
  const inHand = new Map<number, Promise<void>>();
  let hear: Hear = () => Promise.resolve();

  async function tellGateways(about: About, changed: readonly ChangedKey[]): Promise<void> {
    const byPool = changesByPool(changed, clock.now());
    const messages = about.pools.flatMap(({ pool, group, revision }) => {
      const changes = byPool.get(pool)?.changes ?? [];
      return revision === null || changes.length === 0
        ? []
        : [{ group, pool_revision: revision, changes }];
    });
    if (messages.length === 0) return;
    await Promise.race([hear(messages), sleep(tellingMs, undefined, { ref: false })]);
  }

  async function finish(
    commit: Commit<About>,
    about: About,
    known: readonly ChangedKey[] | undefined,
  ): Promise<void> {
    const changed = known ?? (await changedBy(commit, about, collections.keys));
    await project(commit, about, changed);
    await tellGateways(about, changed);
    await log.commits.updateOne({ _id: commit._id }, { $unset: { pending: '' } });
  }

  async function isFinishedSoon(position: number): Promise<boolean> {
    for (let waited = 0; waited < patienceMs; waited += lookMs) {
      const filter = { _id: position };
      const commit = await log.commits.findOne(filter, { projection: { pending: 1 } });
      if (commit?.pending !== true) return true;
      await sleep(lookMs);
    }
    return false;
  }

  async function finishOther(position: number): Promise<void> {
    const commit = await log.commits.findOne({ _id: position, pending: true });
    if (commit === null) return;
    const about = readAbout(commit.about);
    await finish({ ...commit, about }, about, undefined);
  }

  async function finishPending(
    { touching, through }: Omit<SettleRequest, 'own'>,
    own?: OwnCommit,
  ): Promise<void> {
    const filter = {
      pending: true,
      _id: { $lte: through },
      ...(touching === null ? {} : { 'about.touches': { $in: [...touching] } }),
    };
    for (let isMore = true; isMore;) {
      // Their places only: what this process wrote itself it need not read, and that may be megabytes.
      const places = log.commits.find(filter, { projection: { _id: 1 } });
      const pending = await places.sort({ _id: 1 }).limit(atOnce).toArray();
      isMore = pending.length === atOnce;
      for (const { _id } of pending) {
        const hand = inHand.get(_id);
        if (own?.commit._id === _id) {
          await finish(own.commit, readAbout(own.commit.about), own.changed);
        } else if (hand !== undefined) {
          // However long it takes, a second one at it would only make it longer.
          await hand;
          isMore = true;
        } else if (!(await isFinishedSoon(_id))) {
          await finishOther(_id);
        }
      }
    }
  }

  return {
    tell: (listener) => {
      hear = listener;
    },
    settle: async ({ own, ...which }) => {
      const finishing = finishPending(which, own);
      if (own === undefined) return finishing;
      const ended = finishing.catch(() => undefined);
      inHand.set(own.commit._id, ended);
      try {
        await finishing;
      } finally {
        inHand.delete(own.commit._id);
      }
    },
  };
}

// Only the ledger keeps anything beside events.
function readAbout(about: unknown): About {
  if (typeof about !== 'object' || about === null || !('touches' in about)) {
    throw new Error('a commit says nothing about itself');
  }
  return about as About;
}
