import { type CommitLog, storedEvent, versionClaim } from '@keymux/event-store';
import { onlyDuplicateKeys } from '@keymux/mongodb';
import type { AnyBulkWriteOperation } from 'mongodb';
import { evolve } from '../../key/evolve.ts';
import { isLive } from '../../key/state.ts';
import { keyOfStream, readFact, streamOfKey } from '../../key/stored-fact.ts';
import type { FoldedKey, Placed, RosterPlaces } from '../rebuild.ts';
import type { KeyCollections, KeyDocument } from './collections.ts';
import { freshFields, secretFields, stateFields } from './key-document.ts';
import type { createPools } from './pools.ts';
import type { Projector } from './projector.ts';
import { renewVerdicts } from './verdicts.ts';

const pageKeys = 500;
/** As many as the server takes from its index in order, without sorting them itself. */
const streamsAtOnce = 200;

type Place = Pick<KeyDocument, '_id'> & Partial<KeyDocument>;
type Write = AnyBulkWriteOperation<KeyDocument>;

/**
 * The roster in MongoDB, for a rebuild. A key is written only as it was read, by its version, so that a
 * projector that comes between is never overwritten: then the key is read again.
 */
export function createRosterPlaces(deps: {
  readonly log: CommitLog;
  readonly collections: Pick<KeyCollections, 'keys' | 'verdicts'>;
  readonly pools: ReturnType<typeof createPools>;
  readonly projector: Pick<Projector, 'settle'>;
}): RosterPlaces {
  const { log, pools, projector } = deps;
  const { keys: documents, verdicts } = deps.collections;
  const { commits } = log;

  async function placesOf(keys: readonly FoldedKey[]): Promise<Map<string, Place>> {
    const found = await documents.find({ _id: { $in: keys.map(({ id }) => id) } }).toArray();
    return new Map(found.map((document) => [document._id, document]));
  }

  // Most keys have no event but their first: of the others alone whole commits are read.
  async function withMore(keys: readonly FoldedKey[]): Promise<FoldedKey[]> {
    const claims = keys.map(({ id, version }) => versionClaim(streamOfKey(id), version + 1));
    const more = new Set<string>();
    const found = commits.find({ claims: { $in: claims } }, { projection: { streams: 1 } });
    for await (const { streams } of found) for (const stream of streams) more.add(stream);
    return keys.filter(({ id }) => more.has(streamOfKey(id)));
  }

  async function foldSome(keys: readonly FoldedKey[]): Promise<void> {
    const folding = new Map(keys.map((key) => [key.id, key]));
    const streams = { $in: keys.map(({ id }) => streamOfKey(id)) };
    const found = commits.find({ streams }, { projection: { events: 1 } });
    for await (const { _id, events } of found.sort({ _id: 1 })) {
      for (const event of events) {
        const key = folding.get(keyOfStream(event.stream) ?? '');
        if (key === undefined || event.version <= key.version) continue;
        const fact = readFact(storedEvent(_id, event));
        if (fact !== undefined) key.state = evolve(key.state, fact);
        key.version = event.version;
      }
    }
  }

  return {
    nthPool: async (name, index) => (await pools.nth(name, index)).id,
    foldOn: async (keys) => {
      const left = await withMore(keys);
      for (let at = 0; at < left.length; at += streamsAtOnce) {
        await foldSome(left.slice(at, at + streamsAtOnce));
      }
    },
    renewVerdicts: (after, page) => renewVerdicts({ log, verdicts }, after, page),
    put: async (keys) => {
      let before = await placesOf(keys);
      if (!keys.every((key) => isThere(key, before.get(key.id)))) {
        // A commit may be there whose keys are still to come.
        await projector.settle({ touching: null, through: Number.MAX_SAFE_INTEGER });
        before = await placesOf(keys);
      }
      const writes = keys.flatMap((key) => writeOf(key, before.get(key.id)) ?? []);
      if (writes.length === 0) return keys.map((key) => placed(key, before, before));
      try {
        await documents.bulkWrite(writes, { ordered: false });
      } catch (error) {
        // Another key has the secret, or another one was first.
        if (!onlyDuplicateKeys(error)) throw error;
      }
      const after = await placesOf(keys);
      return keys.map((key) => placed(key, before, after));
    },
    sweep: async (afterSeq) => {
      const page = await documents
        .find({ seq: { $gt: afterSeq }, pool: { $exists: true } })
        .sort({ seq: 1 })
        .limit(pageKeys)
        .toArray();
      const claims = page.map(({ _id }) => versionClaim(streamOfKey(_id), 1));
      const told = new Set<string>();
      for await (const { streams } of commits.find(
        { claims: { $in: claims } },
        { projection: { streams: 1 } },
      )) {
        for (const stream of streams) told.add(stream);
      }
      const strays = page.filter(({ _id }) => !told.has(streamOfKey(_id)));
      if (strays.length > 0) {
        await documents.deleteMany({ _id: { $in: strays.map(({ _id }) => _id) } });
      }
      const last = page.length === pageKeys ? page.at(-1) : undefined;
      return {
        removed: strays.flatMap(({ _id: id, pool: poolId, group, version, created_ms }) => {
          if (poolId === undefined) return [];
          const state = { status: 'deleted' } as const;
          const of = { before: undefined, createdMs: created_ms, version: version + 1, state };
          return [{ id, poolId, group, ...of }];
        }),
        next: last?.seq ?? null,
      };
    },
  };
}

const isLater = ({ version, wrongVersion }: FoldedKey, place: Place | undefined): boolean =>
  place?.version !== undefined && place.version > version && place.version !== wrongVersion;

function fieldsOf({ poolId, position, createdMs, version, state }: FoldedKey) {
  if (!isLive(state)) return undefined;
  return { ...stateFields(poolId, state, version), seq: position, created_ms: createdMs };
}

function isThere(key: FoldedKey, place: Place | undefined): boolean {
  const fields = fieldsOf(key);
  if (fields === undefined) return place?.pool === undefined;
  if (place === undefined || place.gone_at !== undefined) return false;
  const found: Record<string, unknown> = place;
  return Object.entries(fields).every(([name, value]) => found[name] === value);
}

// Undefined when there is nothing to write, or it is not the time.
function writeOf(key: FoldedKey, place: Place | undefined): Write | undefined {
  if (isLater(key, place) || isThere(key, place)) return undefined;
  const fields = fieldsOf(key);
  const { id, version } = key;
  if (fields === undefined) {
    const $set = { version, status: 'deleted', gone_at: new Date() } as const;
    const filter = { _id: id, version: place?.version ?? 0 };
    return { updateOne: { filter, update: { $set, $unset: secretFields } } };
  }
  if (place === undefined) {
    const update = { $setOnInsert: { ...fields, ...freshFields } };
    return { updateOne: { filter: { _id: id }, update, upsert: true } };
  }
  const filter = { _id: id, version: place.version ?? 0 };
  return { updateOne: { filter, update: { $set: fields, $unset: { gone_at: '' } } } };
}

function placed(
  key: FoldedKey,
  before: ReadonlyMap<string, Place>,
  after: ReadonlyMap<string, Place>,
): Placed {
  const [was, is] = [before.get(key.id), after.get(key.id)];
  if (isThere(key, was)) return { kind: 'same' };
  if (!isThere(key, is)) return { kind: 'behind', version: is?.version ?? null };
  const { id, group, poolId, createdMs, version, state } = key;
  const changed = { id, before: undefined, poolId, group, createdMs, version, state };
  if (!isLive(state)) return { kind: 'removed', changed };
  return { kind: was?.pool === undefined ? 'added' : 'replaced', changed };
}
