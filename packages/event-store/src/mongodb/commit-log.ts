import { isDuplicateKey } from '@keymux/mongodb';
import type { Collection, Db, Filter } from 'mongodb';
import {
  type Appended,
  type NewEvent,
  type StreamAppend,
  TooManyConflicts,
} from '../event-store.ts';

/** An event inside a commit. Its position is that of the commit and `n`. */
export interface CommittedEvent extends Omit<NewEvent, 'data'> {
  readonly n: number;
  readonly stream: string;
  readonly version: number;
  /** JSON: names of fields may hold what a document's may not. */
  readonly data: string;
}

/**
 * All that one append writes, as one document: it is there as a whole or not at all. `_id` is the
 * position of its first event; the next commit begins `size` later, so that there is no gap.
 */
export interface Commit<About = unknown> {
  readonly _id: number;
  readonly size: number;
  /** What no other commit may hold: ids of events, versions of streams, and names that the writer gave. */
  readonly claims: readonly string[];
  readonly streams: readonly string[];
  readonly events: readonly CommittedEvent[];
  readonly at: Date;
  /** What the writer keeps with the events. */
  readonly about?: About;
  /** True until the writer has done what follows from it. */
  readonly pending?: boolean;
}

export type Committed<About> =
  | { readonly kind: 'committed'; readonly commit: Commit<About> }
  | Exclude<Appended, { kind: 'appended' }>
  /** Another commit holds a name that this one was to claim. */
  | { readonly kind: 'claimed'; readonly name: string };

/** The commits in their collection. */
export interface CommitLog {
  readonly commits: Collection<Commit>;
  /** Writes one commit, or nothing; one with `about` is `pending` until its writer says that it is done. */
  commit<About>(request: {
    readonly batch: readonly StreamAppend[];
    readonly claims?: readonly string[];
    readonly about?: About;
  }): Promise<Committed<About>>;
  /** Makes the indexes; may be repeated. */
  prepare(): Promise<void>;
}

const maxTries = 200;
const pauseMs = 2;

const idClaim = (id: string): string => `i ${id}`;
/** What the commit with a version of a stream claims: who has it, has that event. */
export const versionClaim = (stream: string, version: number): string => `v ${stream} ${version}`;
const nameClaim = (name: string): string => `n ${name}`;

/** The commits of a database. */
export function createCommitLog(db: Db): CommitLog {
  const commits = db.collection<Commit>('commits');
  let next = 0;
  // One insert at a time: those of this process would only take the position from each other.
  let tail: Promise<unknown> = Promise.resolve();

  async function readNext(): Promise<number> {
    const last = await commits
      .find({}, { projection: { size: 1 } })
      .sort({ _id: -1 })
      .limit(1)
      .next();
    return last === null ? 1 : last._id + last.size;
  }

  async function insert<About>(
    commit: Omit<Commit<About>, '_id'>,
  ): Promise<Commit<About> | 'held'> {
    for (let each = 0; each < maxTries; each += 1) {
      if (next === 0) next = await readNext();
      const placed = { ...commit, _id: next };
      try {
        await commits.insertOne(placed);
        next += commit.size;
        return placed;
      } catch (error) {
        next = 0;
        if (!isDuplicateKey(error)) throw error;
        if (await isHeld(commit.claims)) return 'held';
        // Another process was first at this position.
        const jitterMs = Math.random() * pauseMs * Math.min(each, 10);
        await new Promise((resolve) => setTimeout(resolve, jitterMs));
      }
    }
    throw new TooManyConflicts(`${maxTries} others were written first`);
  }

  const holding = (claims: readonly string[]): Filter<Commit> => ({ claims: { $in: [...claims] } });

  async function isHeld(claims: readonly string[]): Promise<boolean> {
    return (await commits.findOne(holding(claims), { projection: { _id: 1 } })) !== null;
  }

  // Which of the claims others hold decides what it was.
  async function refusal(
    batch: readonly StreamAppend[],
    names: readonly string[],
    claims: readonly string[],
  ): Promise<Exclude<Committed<never>, { kind: 'committed' }>> {
    const found = await commits.find(holding(claims), { projection: { claims: 1 } }).toArray();
    const held = new Set(found.flatMap((each) => each.claims));
    for (const { stream, events } of batch) {
      const id = events.find((event) => held.has(idClaim(event.id)))?.id;
      if (id !== undefined) return { kind: 'duplicate', stream, id };
    }
    const name = names.find((each) => held.has(nameClaim(each)));
    if (name !== undefined) return { kind: 'claimed', name };
    for (const { stream, expectedVersion, events } of batch) {
      const clash = events.some((_, at) =>
        held.has(versionClaim(stream, expectedVersion + at + 1)),
      );
      if (clash) return { kind: 'conflict', stream };
    }
    throw new Error('a claim was refused that nobody holds');
  }

  function unlikely(
    batch: readonly StreamAppend[],
  ): Exclude<Appended, { kind: 'appended' }> | null {
    const ids = new Set<string>();
    const streams = new Set<string>();
    for (const { stream, events } of batch) {
      for (const { id } of events) {
        if (ids.has(id)) return { kind: 'duplicate', stream, id };
        ids.add(id);
      }
      if (streams.has(stream)) return { kind: 'conflict', stream };
      streams.add(stream);
    }
    return null;
  }

  return {
    commits,
    commit: async ({ batch, claims: names = [], about }) => {
      const refused = unlikely(batch);
      if (refused !== null) return refused;
      let n = 0;
      const events = batch.flatMap(({ stream, expectedVersion, events: given }) =>
        given.map(({ id, type, time, actor, data }, at) => {
          const version = expectedVersion + at + 1;
          return { n: n++, stream, version, id, type, time, actor, data: JSON.stringify(data) };
        }),
      );
      const claims = [
        ...events.flatMap(({ id, stream, version }) => [
          idClaim(id),
          versionClaim(stream, version),
        ]),
        ...names.map(nameClaim),
      ];
      const commit = {
        size: Math.max(1, events.length),
        claims,
        streams: batch.map(({ stream }) => stream),
        events,
        at: new Date(),
        ...(about === undefined ? {} : { about, pending: true }),
      };
      const turn = tail.then(() => insert(commit));
      tail = turn.catch(() => undefined);
      const inserted = await turn;
      if (inserted === 'held') return refusal(batch, names, claims);
      return { kind: 'committed', commit: inserted };
    },
    prepare: async () => {
      await commits.createIndexes([
        { key: { claims: 1 }, name: 'claims', unique: true },
        { key: { streams: 1, _id: 1 }, name: 'streams' },
        { key: { pending: 1, _id: 1 }, name: 'pending', sparse: true },
      ]);
    },
  };
}
