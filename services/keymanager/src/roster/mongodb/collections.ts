import type { Collection, Db } from 'mongodb';
import { prepareVerdicts, type VerdictDocument } from './verdicts.ts';

/** A key as MongoDB keeps it. A deleted one stays for a day, so that what comes late cannot bring it back. */
export interface KeyDocument {
  readonly _id: string;
  readonly seq: number;
  /** Missing once it is deleted. */
  readonly pool?: number;
  readonly group: string;
  /** Its pool and fingerprint: unique. Missing once it is deleted. */
  readonly secret?: string;
  readonly fingerprint: string;
  readonly sealed: string;
  readonly masked: string;
  /** What the mask shows of its end. */
  readonly tail: string;
  readonly note: string;
  readonly status: 'active' | 'blacklisted' | 'disabled' | 'deleted';
  readonly rest_until_ms: number;
  readonly condition: string;
  readonly version: number;
  readonly created_ms: number;
  readonly checked_ms: number;
  readonly cause_rule: string | null;
  readonly cause_ms: number | null;
  readonly requests: number;
  readonly failures: number;
  readonly last_used_ms: number;
  /** The commit whose counts are the last that are in. */
  readonly counted: number;
  readonly gone_at?: Date;
}

/** A pool as MongoDB keeps it. */
export interface PoolDocument {
  readonly _id: number;
  readonly name: string;
  /** The name while its group lives: unique. */
  readonly open_name?: string;
  readonly closed: boolean;
  readonly revision: number;
}

/** What requests did with a key in a minute. */
export interface MinuteDocument {
  readonly _id: string;
  readonly key: string;
  readonly at: Date;
  readonly requests: number;
  readonly failures: number;
  readonly counted: number;
}

/** The keymanager's collections. */
export interface KeyCollections {
  readonly keys: Collection<KeyDocument>;
  readonly pools: Collection<PoolDocument>;
  readonly minutes: Collection<MinuteDocument>;
  readonly verdicts: Collection<VerdictDocument>;
}

const daySeconds = 86_400;

/** The collections of a database. */
export function keyCollections(db: Db): KeyCollections {
  return {
    keys: db.collection<KeyDocument>('keys'),
    pools: db.collection<PoolDocument>('pools'),
    minutes: db.collection<MinuteDocument>('usage_minutes'),
    verdicts: db.collection<VerdictDocument>('verdicts'),
  };
}

/** Makes the indexes; may be repeated. */
export async function prepareKeys(collections: KeyCollections): Promise<void> {
  const { keys, pools, minutes, verdicts } = collections;
  await keys.createIndexes([
    { key: { secret: 1 }, name: 'secret', unique: true, sparse: true },
    { key: { seq: 1 }, name: 'seq' },
    { key: { pool: 1, seq: 1 }, name: 'pool' },
    { key: { pool: 1, status: 1, seq: 1 }, name: 'status' },
    {
      key: { pool: 1, rest_until_ms: 1 },
      name: 'resting',
      partialFilterExpression: { rest_until_ms: { $gt: 0 } },
    },
    {
      key: { pool: 1, checked_ms: 1 },
      name: 'due',
      partialFilterExpression: { status: 'blacklisted' },
    },
    { key: { pool: 1, tail: 1 }, name: 'tail' },
    { key: { pool: 1, requests: 1, seq: 1 }, name: 'requests' },
    { key: { pool: 1, failures: 1, seq: 1 }, name: 'failures' },
    { key: { pool: 1, last_used_ms: 1, seq: 1 }, name: 'last_used' },
    { key: { gone_at: 1 }, name: 'gone', expireAfterSeconds: daySeconds },
  ]);
  await pools.createIndexes([
    { key: { open_name: 1 }, name: 'open_name', unique: true, sparse: true },
    { key: { name: 1, _id: 1 }, name: 'name' },
  ]);
  await minutes.createIndexes([
    { key: { at: 1 }, name: 'at', expireAfterSeconds: 2 * daySeconds },
    { key: { key: 1, at: 1 }, name: 'key' },
  ]);
  await prepareVerdicts(verdicts);
}
