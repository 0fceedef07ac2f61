import type { VerdictKind } from '@keymux/contracts';
import { type CommitLog, storedEvent, type StoredEvent, versionClaim } from '@keymux/event-store';
import type { Collection } from 'mongodb';
import { keyOfStream } from '../../key/stored-fact.ts';
import { verdictKind } from '../../key/verdict.ts';
import type { ListedVerdict, Verdicts } from '../verdicts.ts';

/** A verdict as MongoDB keeps it: its event again, since a commit holds many. */
export interface VerdictDocument {
  /** The position of the event. */
  readonly _id: number;
  readonly group: string;
  readonly kind: VerdictKind;
  readonly key: string;
  readonly masked: string;
  readonly event: string;
  readonly type: string;
  readonly time: string;
  /** JSON */
  readonly data: string;
}

type Born = ReadonlyMap<string, { readonly group: string; readonly masked: string }>;

/** Puts those among events down that are verdicts on the keys given; may be repeated. */
export async function noteVerdicts(
  verdicts: Collection<VerdictDocument>,
  events: readonly StoredEvent[],
  born: Born,
): Promise<void> {
  const writes = events.flatMap((event) => {
    const kind = verdictKind(event);
    const key = keyOfStream(event.stream);
    const of = key === undefined ? undefined : born.get(key);
    if (kind === undefined || key === undefined || of === undefined) return [];
    const { position, id, type, time, data } = event;
    const replacement = { ...of, kind, key, event: id, type, time, data: JSON.stringify(data) };
    return [{ replaceOne: { filter: { _id: position }, replacement, upsert: true } }];
  });
  if (writes.length > 0) await verdicts.bulkWrite(writes);
}

/** Puts down anew which of all events after one position up to another are verdicts. */
export async function renewVerdicts(
  { log, verdicts }: { readonly log: CommitLog; readonly verdicts: Collection<VerdictDocument> },
  afterPosition: number,
  page: readonly StoredEvent[],
): Promise<void> {
  const told = page.filter((event) => verdictKind(event) !== undefined);
  const streams = [...new Set(told.map(({ stream }) => stream))];
  const born = new Map<string, { group: string; masked: string }>();
  const claims = { $in: streams.map((stream) => versionClaim(stream, 1)) };
  const firsts = streams.length === 0 ? [] : await log.commits.find({ claims }).toArray();
  for (const { _id, events } of firsts) {
    for (const event of events) {
      const key = keyOfStream(event.stream);
      if (event.version !== 1 || key === undefined || !streams.includes(event.stream)) continue;
      const { data } = storedEvent(_id, event);
      born.set(key, { group: String(data['group']), masked: String(data['masked']) });
    }
  }
  const $gt = afterPosition;
  const $lte = page.at(-1)?.position ?? afterPosition;
  await verdicts.deleteMany({ _id: { $gt, $lte, $nin: told.map(({ position }) => position) } });
  await noteVerdicts(verdicts, told, born);
}

/** Makes the indexes; may be repeated. */
export async function prepareVerdicts(verdicts: Collection<VerdictDocument>): Promise<void> {
  await verdicts.createIndexes([
    { key: { group: 1, _id: -1 }, name: 'group' },
    { key: { kind: 1, _id: -1 }, name: 'kind' },
    { key: { group: 1, kind: 1, _id: -1 }, name: 'group_kind' },
  ]);
}

/** Verdicts in MongoDB. */
export function createVerdicts(verdicts: Collection<VerdictDocument>): Verdicts {
  return {
    page: async ({ group, kind, before, limit }) => {
      const found = verdicts.find({
        ...(group === undefined ? {} : { group }),
        ...(kind === undefined ? {} : { kind }),
        ...(before === null ? {} : { _id: { $lt: before } }),
      });
      const documents = await found.sort({ _id: -1 }).limit(limit).toArray();
      return documents.map(toVerdict);
    },
  };
}

function toVerdict(document: VerdictDocument): ListedVerdict {
  const { _id: position, group, key: keyId, masked, event: id, type, time, data } = document;
  const event = { id, position, type, time, data: { ...Object(JSON.parse(data)) } };
  return { group, keyId, masked, event };
}
