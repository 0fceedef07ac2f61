import type { CommitLog } from '@keymux/event-store';
import { isDuplicateKey } from '@keymux/mongodb';
import { cancelAbout, stepClaim } from '../../roster/mongodb/about.ts';
import type { Projector } from '../../roster/mongodb/projector.ts';
import type { NewTask, TaskRecord } from '../task-record.ts';
import type { Claim, TaskStore } from '../task-store.ts';
import { going, type TaskCollections, type TaskDocument, taskIn } from './task-document.ts';

/** Tasks in MongoDB, shared by all keymanagers: a lane is leased to one of them at a time. */
export function createMongoTaskStore(
  { tasks, lanes }: TaskCollections,
  { log, projector }: { readonly log: CommitLog; readonly projector: Pick<Projector, 'settle'> },
): TaskStore {
  async function insert(task: NewTask): Promise<TaskRecord> {
    for (;;) {
      const known = await tasks.findOne({ _id: task.id });
      if (known !== null) return taskIn(known);
      const last = await tasks.find().sort({ seq: -1 }).limit(1).next();
      const document: TaskDocument = {
        _id: task.id,
        seq: (last?.seq ?? 0) + 1,
        kind: task.kind,
        group: task.group,
        pool: task.poolId,
        state: 'queued',
        actor: task.actor,
        input: JSON.stringify(task.input),
        position: 0,
        processed: task.processed ?? 0,
        total: task.total,
        result: JSON.stringify(task.result),
        error: null,
        created_ms: task.createdMs,
        started_ms: null,
        ended_ms: null,
        commit: 0,
      };
      try {
        await tasks.insertOne(document);
        return taskIn(document);
      } catch (error) {
        // Another task took the number.
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }

  // Upserting a lane that another one holds meets its document.
  async function lease(lane: string, { holder, nowMs, untilMs }: Claim): Promise<boolean> {
    try {
      await lanes.updateOne(
        { _id: lane, $or: [{ holder }, { until_ms: { $lt: nowMs } }] },
        { $set: { holder, until_ms: untilMs } },
        { upsert: true },
      );
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /**
   * Cancels a task between two of its steps: one that is being written right now is either in, and counted,
   * or is not written any more.
   */
  async function cancel(id: string, atMs: number, error: string | null): Promise<boolean> {
    for (let tried = ''; ;) {
      const task = await tasks.findOne({ _id: id, ...going });
      if (task === null) return false;
      const claim = stepClaim(taskIn(task));
      const about = cancelAbout(id, atMs, error);
      const name = `cancel ${id}`;
      // A step may have left it where it was.
      const claims = claim === tried ? [name] : [name, claim];
      const committed = await log.commit({ batch: [], claims, about });
      const own =
        committed.kind === 'committed' ? { commit: committed.commit, changed: [] } : undefined;
      const through = own?.commit._id ?? Number.MAX_SAFE_INTEGER;
      await projector.settle({
        touching: about.touches,
        through,
        ...(own === undefined ? {} : { own }),
      });
      if (own !== undefined) return true;
      tried = claim;
    }
  }

  return {
    insert,
    find: async (id) => {
      const found = await tasks.findOne({ _id: id });
      return found === null ? undefined : taskIn(found);
    },
    page: async ({ state, beforeSeq, limit }) => {
      const found = await tasks
        .find({
          ...(state === null ? {} : { state }),
          ...(beforeSeq === null ? {} : { seq: { $lt: beforeSeq } }),
        })
        .sort({ seq: -1 })
        .limit(limit + 1)
        .toArray();
      const page = found.slice(0, limit).map(taskIn);
      return { tasks: page, next: found.length > limit ? (page.at(-1)?.seq ?? null) : null };
    },
    count: (state) => tasks.countDocuments(state === null ? {} : { state }),
    unfinished: async () => (await tasks.find(going).sort({ seq: 1 }).toArray()).map(taskIn),
    prune: async (beforeMs) => {
      await tasks.deleteMany({ ended_ms: { $ne: null, $lt: beforeMs } });
      await lanes.deleteMany({ until_ms: { $lt: beforeMs } });
    },
    claim: async (id, claim) => {
      const task = await tasks.findOne({ _id: id, ...going });
      if (task === null) return undefined;
      const { pool, seq } = task;
      if (pool !== null) {
        const older = await tasks.findOne({ pool, seq: { $lt: seq }, ...going });
        if (older !== null) return undefined;
      }
      if (!(await lease(pool === null ? `task ${id}` : `pool ${pool}`, claim))) return undefined;
      await tasks.updateOne({ _id: id, started_ms: null }, { $set: { started_ms: claim.nowMs } });
      const claimed = await tasks.findOneAndUpdate(
        { _id: id, ...going },
        { $set: { state: 'running' } },
        { returnDocument: 'after' },
      );
      return claimed === null ? undefined : taskIn(claimed);
    },
    release: async (holder) => {
      await lanes.deleteMany({ holder });
    },
    progress: async ({ id }, { position, processed, result, total }) => {
      const $set = {
        position,
        processed,
        result: JSON.stringify(result),
        ...(total === undefined ? {} : { total }),
      };
      await tasks.updateOne({ _id: id, ...going }, { $set });
    },
    move: async (id, { state, atMs, error }) => {
      if (state === 'cancelled') return cancel(id, atMs, error ?? null);
      const ended = state === 'queued' || state === 'running' ? null : atMs;
      const moved = await tasks.updateOne(
        { _id: id, ...going },
        { $set: { state, error: error ?? null, ended_ms: ended } },
      );
      if (state === 'running') {
        await tasks.updateOne({ _id: id, started_ms: null }, { $set: { started_ms: atMs } });
      }
      return moved.matchedCount > 0;
    },
  };
}
