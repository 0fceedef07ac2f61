import { setTimeout as sleep } from 'node:timers/promises';
import { type Commit, type CommitLog, storedEvent } from '@keymux/event-store';
import { onlyDuplicateKeys } from '@keymux/mongodb';
import type { Clock } from '@keymux/service';
import type { AnyBulkWriteOperation } from 'mongodb';
import { evolve } from '../../key/evolve.ts';
import { initialState, isLive } from '../../key/state.ts';
import { keyOfStream, readFact, streamOfKey } from '../../key/stored-fact.ts';
import { mayBeVerdict } from '../../key/verdict.ts';
import { going, type TaskCollection } from '../../tasks/mongodb/task-document.ts';
import type { Hear } from '../ledger.ts';
import { type ChangedKey, changesByPool } from '../unit.ts';
import type { About } from './about.ts';
import type { KeyCollections, KeyDocument } from './collections.ts';
import { freshFields, keyIn, secretFields, stateFields, stateIn } from './key-document.ts';
import { noteVerdicts } from './verdicts.ts';

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

const minuteMs = 60_000;
const atOnce = 50;
/** A writer that lives finishes what it wrote in this time. */
const patienceMs = 200;
const lookMs = 10;
/** Gateways are told in order, but a bus that is away must not stop the store. */
const tellingMs = 200;

/** A projector; each of its writes may be repeated, come late or meet another's, and changes nothing then. */
export function createProjector(deps: {
  readonly log: CommitLog;
  readonly collections: KeyCollections;
  readonly tasks: TaskCollection;
  readonly clock: Clock;
}): Projector {
  const { log, collections, tasks, clock } = deps;
  const { keys, pools, minutes, verdicts } = collections;
  /** Own commits that are being finished, by position. */
  const inHand = new Map<number, Promise<void>>();
  let hear: Hear = () => Promise.resolve();

  async function projectKeys(
    commit: Commit<About>,
    changed: readonly ChangedKey[],
    counts: About['counts'],
  ): Promise<void> {
    const born = new Map(
      commit.events.filter(({ version }) => version === 1).map(({ stream, n }) => [stream, n]),
    );
    const writes: AnyBulkWriteOperation<KeyDocument>[] = [];
    for (const { id, poolId, createdMs, version, state } of changed) {
      if (!isLive(state)) {
        const $set = { version, status: 'deleted', gone_at: new Date(clock.now()) } as const;
        const filter = { _id: id, version: { $lt: version } };
        writes.push({ updateOne: { filter, update: { $set, $unset: secretFields } } });
        continue;
      }
      const fields = stateFields(poolId, state, version);
      const n = born.get(streamOfKey(id));
      if (n !== undefined) {
        const seq = commit._id + n;
        const $setOnInsert = { ...fields, ...freshFields, seq, created_ms: createdMs };
        const update = { $setOnInsert };
        writes.push({ updateOne: { filter: { _id: id }, update, upsert: true } });
        continue;
      }
      const filter = { _id: id, version: { $lt: version } };
      writes.push({ updateOne: { filter, update: { $set: fields } } });
    }
    for (const { key, requests, failures, last_used_ms } of counts) {
      const filter = { _id: key, counted: { $lt: commit._id } };
      const $set = { counted: commit._id };
      const update = { $inc: { requests, failures }, $max: { last_used_ms }, $set };
      writes.push({ updateOne: { filter, update } });
    }
    if (writes.length > 0) await keys.bulkWrite(writes);
  }

  async function projectMinutes(position: number, counts: About['counts']): Promise<void> {
    if (counts.length === 0) return;
    const writes = counts.map(({ key, requests, failures, last_used_ms }) => {
      const minute = Math.floor(last_used_ms / minuteMs);
      const filter = { _id: `${key} ${minute}`, counted: { $lt: position } };
      const $setOnInsert = { key, at: new Date(minute * minuteMs) };
      const update = { $inc: { requests, failures }, $set: { counted: position }, $setOnInsert };
      return { updateOne: { filter, update, upsert: true } };
    });
    try {
      await minutes.bulkWrite(writes, { ordered: false });
    } catch (error) {
      // They are in: the guard found the document counted, so that it would have been made anew.
      if (!onlyDuplicateKeys(error)) throw error;
    }
  }

  async function projectVerdicts(
    { _id, events }: Commit<About>,
    changed: readonly ChangedKey[],
  ): Promise<void> {
    const born = new Map(
      changed.map(({ id, group, state, before }) => {
        const masked = isLive(state) ? state.masked : (before?.state.masked ?? '');
        return [id, { group, masked }];
      }),
    );
    const stored = events.flatMap((event) =>
      mayBeVerdict(event.type) ? [storedEvent(_id, event)] : [],
    );
    if (stored.length === 0) return;
    await noteVerdicts(verdicts, stored, born);
  }

  async function projectStep(position: number, step: About['step']): Promise<void> {
    if (step === null) return;
    const { task, position: at, processed, total, result } = step;
    await tasks.updateOne(
      { _id: task, commit: { $lt: position } },
      {
        $set: {
          commit: position,
          position: at,
          processed,
          result,
          ...(total === null ? {} : { total }),
        },
      },
    );
  }

  async function projectCancel({ cancels }: About): Promise<void> {
    if (cancels === undefined) return;
    const { task, atMs, error } = cancels;
    const $set = { state: 'cancelled', ended_ms: atMs, error } as const;
    await tasks.updateOne({ _id: task, ...going }, { $set });
  }

  async function projectPools({ pools: advanced, closes }: About): Promise<void> {
    for (const { pool, revision } of advanced) {
      const update = revision === null ? undefined : { $max: { revision } };
      if (pool === closes) {
        const close = { $set: { closed: true }, $unset: { open_name: '' as const } };
        await pools.updateOne({ _id: pool }, { ...close, ...update });
      } else if (update !== undefined) {
        await pools.updateOne({ _id: pool }, update);
      }
    }
  }

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

  // What somebody else's commit changed, from its events.
  async function fold({ events }: Commit<About>, about: About): Promise<ChangedKey[]> {
    const ids = [...new Set(events.flatMap(({ stream }) => keyOfStream(stream) ?? []))];
    const found = await keys.find({ _id: { $in: ids } }).toArray();
    const documents = new Map(found.map((document) => [document._id, document]));
    return ids.flatMap((id) => {
      const document = documents.get(id);
      let state = document === undefined ? initialState : stateIn(document);
      let version = document?.version ?? 0;
      let createdMs = document?.created_ms ?? 0;
      for (const event of events) {
        if (event.stream !== streamOfKey(id) || event.version <= version) continue;
        const data: unknown = JSON.parse(event.data);
        const fact = readFact({ ...event, data: Object(data) });
        if (fact !== undefined) state = evolve(state, fact);
        if (version === 0) createdMs = Date.parse(event.time);
        ({ version } = event);
      }
      const group = isLive(state) ? state.group : (document?.group ?? '');
      const pool = about.pools.find((each) => each.group === group)?.pool ?? document?.pool;
      if (pool === undefined) return [];
      const before = document === undefined ? undefined : keyIn(document);
      return [{ id, before, poolId: pool, group, createdMs, version, state }];
    });
  }

  async function finish(
    commit: Commit<About>,
    about: About,
    known: readonly ChangedKey[] | undefined,
  ): Promise<void> {
    const changed = known ?? (await fold(commit, about));
    await projectKeys(commit, changed, about.counts);
    await projectMinutes(commit._id, about.counts);
    await projectVerdicts(commit, changed);
    await projectStep(commit._id, about.step);
    await projectCancel(about);
    await projectPools(about);
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
