import { type Commit, storedEvent } from '@keymux/event-store';
import { onlyDuplicateKeys } from '@keymux/mongodb';
import type { Clock } from '@keymux/service';
import type { AnyBulkWriteOperation } from 'mongodb';
import { isLive } from '../../key/state.ts';
import { streamOfKey } from '../../key/stored-fact.ts';
import { mayBeVerdict } from '../../key/verdict.ts';
import { going, type TaskCollection } from '../../tasks/mongodb/task-document.ts';
import type { ChangedKey } from '../unit.ts';
import type { About } from './about.ts';
import type { KeyCollections, KeyDocument } from './collections.ts';
import { freshFields, secretFields, stateFields } from './key-document.ts';
import { noteVerdicts } from './verdicts.ts';

/** Writes what follows from one commit: keys, counters, verdicts, tasks and pools. */
export type ProjectCommit = (
  commit: Commit<About>,
  about: About,
  changed: readonly ChangedKey[],
) => Promise<void>;

const minuteMs = 60_000;

/** Makes the projection; each of its writes may be repeated, come late or meet another's, and changes nothing then. */
export function createProjectCommit(deps: {
  readonly collections: KeyCollections;
  readonly tasks: TaskCollection;
  readonly clock: Clock;
}): ProjectCommit {
  const { collections, tasks, clock } = deps;
  const { keys, pools, minutes, verdicts } = collections;

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

  return async (commit, about, changed) => {
    await projectKeys(commit, changed, about.counts);
    await projectMinutes(commit._id, about.counts);
    await projectVerdicts(commit, changed);
    await projectStep(commit._id, about.step);
    await projectCancel(about);
    await projectPools(about);
  };
}
