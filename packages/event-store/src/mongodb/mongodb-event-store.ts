import type { Db } from 'mongodb';
import type { EventStore, Rewrite, StoredEvent } from '../event-store.ts';
import {
  type CommitLog,
  type CommittedEvent,
  createCommitLog,
  versionClaim,
} from './commit-log.ts';

/** What MongoDB adds to the port: the log whose commits hold the events, for those who keep more in them. */
export interface MongoEventStore extends EventStore {
  readonly log: CommitLog;
}

const longest = Number.MAX_SAFE_INTEGER;

/** An event store in a MongoDB database; the caller owns the connection, and `log.prepare` comes first. */
export function createMongoEventStore(db: Db): MongoEventStore {
  const log = createCommitLog(db);
  const { commits } = log;

  // A later version that is free would leave a gap before it.
  async function gapBefore(
    batch: readonly { stream: string; expectedVersion: number }[],
  ): Promise<string | undefined> {
    for (const { stream, expectedVersion } of batch) {
      if (expectedVersion === 0) continue;
      const claims = versionClaim(stream, expectedVersion);
      const found = await commits.findOne({ claims }, { projection: { _id: 1 } });
      if (found === null) return stream;
    }
    return undefined;
  }

  /** The commit that holds a version of a stream. */
  async function commitOf(stream: string, version: number): Promise<number | undefined> {
    const claims = versionClaim(stream, version);
    return (await commits.findOne({ claims }, { projection: { _id: 1 } }))?._id;
  }

  async function rewriteIn(begin: number, changes: readonly Rewrite[]): Promise<void> {
    const set = changes.map(({ position, data }) => [
      `events.${position - begin}.data`,
      JSON.stringify(data),
    ]);
    await commits.updateOne({ _id: begin }, { $set: Object.fromEntries(set) });
  }

  const holderOf = (position: number) =>
    commits
      .find({ _id: { $lte: position } }, { projection: { size: 1 } })
      .sort({ _id: -1 })
      .limit(1)
      .next();

  return {
    log,
    append: async (batch) => {
      const stream = await gapBefore(batch);
      if (stream !== undefined) return { kind: 'conflict', stream };
      const committed = await log.commit({ batch });
      switch (committed.kind) {
        case 'committed':
          return { kind: 'appended', position: committed.commit._id + committed.commit.size - 1 };
        case 'claimed':
          throw new Error('an append without names lost one');
        default:
          return committed;
      }
    },
    read: async (stream, { from = 1, limit = longest, types } = {}) => {
      // Looked up, so that of a long stream nothing is read before what is asked for, nor after it.
      const through = types === undefined && limit < longest ? from + limit - 1 : undefined;
      const [first, last] = await Promise.all([
        from <= 1 ? 0 : commitOf(stream, from),
        through === undefined ? undefined : commitOf(stream, through),
      ]);
      if (first === undefined || limit < 1) return [];
      const ofTypes =
        types === undefined
          ? {}
          : { events: { $elemMatch: { stream, type: { $in: types }, version: { $gte: from } } } };
      const cursor = commits.aggregate<{ _id: number; events: CommittedEvent[] }>([
        { $match: { streams: stream, _id: { $gte: first, $lte: last ?? longest }, ...ofTypes } },
        { $sort: { _id: 1 } },
        // No commit is without an event of the stream, and of these types.
        { $limit: Math.min(limit, 2 ** 31 - 1) },
        {
          $project: {
            events: {
              $filter: { input: '$events', as: 'event', cond: { $eq: ['$$event.stream', stream] } },
            },
          },
        },
      ]);
      return (await cursor.toArray())
        .flatMap(({ _id, events }) => events.map((event) => storedEvent(_id, event)))
        .filter(({ version, type }) => version >= from && types?.includes(type) !== false)
        .slice(0, limit);
    },
    newest: async (stream) => {
      const commit = await commits.findOne({ streams: stream }, { sort: { _id: -1 } });
      const event = commit?.events.findLast((each) => each.stream === stream);
      return commit === null || event === undefined ? undefined : storedEvent(commit._id, event);
    },
    readAll: async (afterPosition, limit, until) => {
      const first = await holderOf(afterPosition + 1);
      const begin = first?._id ?? 0;
      const skipped = afterPosition + 1 - begin;
      const isOne = until === undefined && first !== null && first.size - skipped >= limit;
      const some = until === undefined ? {} : { 'events.time': { $lte: until } };
      // An import's commit holds thousands of events, for several pages: of such no more is read than a page.
      const found = isOne
        ? commits.find({ _id: begin }, { projection: { events: { $slice: [skipped, limit] } } })
        : commits.find({ _id: { $gte: begin }, ...some }, { projection: { events: 1 } });
      const page: StoredEvent[] = [];
      for await (const { _id, events } of found.sort({ _id: 1 })) {
        for (const event of events) {
          const isAsked =
            _id + event.n > afterPosition && (until === undefined || event.time <= until);
          if (isAsked && page.length < limit) {
            page.push(storedEvent(_id, event));
          }
        }
        if (page.length >= limit) break;
      }
      return page;
    },
    rewrite: async (changes) => {
      let left = changes.toSorted((a, b) => a.position - b.position);
      for (let change = left[0]; change !== undefined; change = left[0]) {
        const holder = await holderOf(change.position);
        const end = Math.max(change.position + 1, holder === null ? 0 : holder._id + holder.size);
        if (holder !== null && holder._id + holder.size > change.position) {
          await rewriteIn(
            holder._id,
            left.filter(({ position }) => position < end),
          );
        }
        left = left.filter(({ position }) => position >= end);
      }
    },
  };
}

/** An event as it was appended, from the commit that begins at a position. */
export function storedEvent(begin: number, event: CommittedEvent): StoredEvent {
  const { n, stream, version, id, type, time, actor } = event;
  const data: unknown = JSON.parse(event.data);
  if (typeof data !== 'object' || data === null) throw new Error(`event ${id} has no data`);
  return { position: begin + n, stream, version, id, type, time, actor, data: { ...data } };
}
