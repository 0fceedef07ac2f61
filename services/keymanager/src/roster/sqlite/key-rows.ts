import type { DatabaseSync } from 'node:sqlite';
import { lastCause, restsUntilMs } from '../../key/state.ts';
import { checkedMs, conditionText, readCondition } from '../condition-text.ts';
import type { KeyRow } from '../keys.ts';
import type { Usage } from '../usage.ts';
import { numberIn, textIn } from './columns.ts';
import { createKeyHints } from './key-hints.ts';

/** The columns that {@link readKeyRow} needs, with the group's name. */
export const keyColumns =
  'keys.seq, keys.id, pool, pools.name AS group_name, fingerprint, sealed, masked, note, condition, version, created_ms';

/** The columns that {@link readUsage} needs. */
export const usageColumns =
  'coalesce(requests, 0) AS requests, coalesce(failures, 0) AS failures, coalesce(last_used_ms, 0) AS last_used_ms';

/** The rows of keys, one by one. */
export interface KeyRows {
  byId(id: string): KeyRow | undefined;
  /** Those that there are, in any order: half the time of one by one. */
  byIds(ids: readonly string[]): KeyRow[];
  /** Where a row is that may be damaged. */
  placeOf(id: string): Pick<KeyRow, 'seq' | 'version'> | undefined;
  /** Keys of all pools by number, from behind a number on. */
  after(seq: number, limit: number): KeyRow[];
  /** The ids of the keys of a pool with these fingerprints, by fingerprint. */
  idsBySecret(poolId: number, fingerprints: readonly string[]): Map<string, string>;
  /** A `seq` of 0 takes the next one. */
  insert(row: KeyRow): void;
  /** Unless the row is of a later version by now. */
  update(before: KeyRow, now: Pick<KeyRow, 'version' | 'state'>): void;
  /** Puts a row in the place of the one with its number, whatever that is. */
  replace(row: KeyRow): void;
  /** True when the row of this number is the very same in every column. */
  matches(row: KeyRow): boolean;
  remove(seq: number): void;
}

/** Reads a row that has {@link keyColumns}. */
export function readKeyRow(row: Record<string, unknown>): KeyRow {
  return {
    seq: numberIn(row, 'seq'),
    id: textIn(row, 'id'),
    poolId: numberIn(row, 'pool'),
    version: numberIn(row, 'version'),
    createdMs: numberIn(row, 'created_ms'),
    state: {
      group: textIn(row, 'group_name'),
      fingerprint: textIn(row, 'fingerprint'),
      sealed: textIn(row, 'sealed'),
      masked: textIn(row, 'masked'),
      note: textIn(row, 'note'),
      ...readCondition(textIn(row, 'condition')),
    },
  };
}

/** Reads a row that has {@link usageColumns}. */
export function readUsage(row: Record<string, unknown>): Usage {
  return {
    requests: numberIn(row, 'requests'),
    failures: numberIn(row, 'failures'),
    lastUsedMs: numberIn(row, 'last_used_ms'),
  };
}

/** Reads and writes single keys; the caller owns the connection and the transaction. */
export function createKeyRows(db: DatabaseSync): KeyRows {
  const byId = db.prepare(
    `SELECT ${keyColumns} FROM keys JOIN pools ON pools.id = pool WHERE keys.id = ?`,
  );
  const byIds = db.prepare(
    `SELECT ${keyColumns} FROM json_each(?) CROSS JOIN keys ON keys.id = value
       JOIN pools ON pools.id = pool`,
  );
  const place = db.prepare('SELECT seq, version FROM keys WHERE id = ?');
  const after = db.prepare(
    `SELECT ${keyColumns} FROM keys JOIN pools ON pools.id = pool
     WHERE keys.seq > ? ORDER BY keys.seq LIMIT ?`,
  );
  const hints = createKeyHints(db);
  const bySecret = db.prepare(
    `SELECT fingerprint, keys.id FROM json_each(?1) CROSS JOIN all_key_hints AS hints
       JOIN keys ON keys.seq = hints.seq
     WHERE hint = substr(value, 1, 8) AND hints.pool = ?2 AND fingerprint = value`,
  );
  const insert = db.prepare(
    `INSERT INTO keys (seq, id, pool, created_ms, fingerprint, sealed, masked, note, status,
       rest_until_ms, condition, version, checked_ms, cause_rule, cause_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // The version guards: an older state never replaces a newer one.
  const update = db.prepare(
    `UPDATE keys SET fingerprint = ?, sealed = ?, masked = ?, note = ?, status = ?,
       rest_until_ms = ?, condition = ?, version = ?, checked_ms = ?, cause_rule = ?, cause_ms = ?
     WHERE seq = ? AND version < ?`,
  );
  const replace = db.prepare(
    `UPDATE keys SET pool = ?, created_ms = ?, fingerprint = ?, sealed = ?, masked = ?, note = ?,
       status = ?, rest_until_ms = ?, condition = ?, version = ?, checked_ms = ?, cause_rule = ?,
       cause_ms = ? WHERE seq = ?`,
  );
  const same = db.prepare(
    `SELECT 1 FROM keys WHERE id = ? AND pool = ? AND created_ms = ? AND fingerprint = ?
       AND sealed = ? AND masked = ? AND note = ? AND status = ? AND rest_until_ms = ?
       AND condition = ? AND version = ? AND checked_ms = ? AND cause_rule IS ? AND cause_ms IS ?
       AND seq = ?`,
  );
  const remove = db.prepare('DELETE FROM keys WHERE seq = ?');
  const removeUsage = db.prepare('DELETE FROM usage WHERE seq = ?');

  const valuesOf = ({ state, version }: KeyRow) => {
    const cause = lastCause(state);
    return [
      state.fingerprint,
      state.sealed,
      state.masked,
      state.note,
      state.status,
      restsUntilMs(state),
      conditionText(state),
      version,
      checkedMs(state),
      cause?.rule ?? null,
      cause?.at_ms ?? null,
    ] as const;
  };
  return {
    byId: (id) => {
      const row = byId.get(id);
      return row === undefined ? undefined : readKeyRow(row);
    },
    byIds: (ids) => byIds.all(JSON.stringify(ids)).map(readKeyRow),
    placeOf: (id) => {
      const row = place.get(id);
      if (row === undefined) return undefined;
      return { seq: numberIn(row, 'seq'), version: numberIn(row, 'version') };
    },
    after: (seq, limit) => after.all(seq, limit).map(readKeyRow),
    idsBySecret: (poolId, fingerprints) =>
      new Map(
        bySecret
          .all(JSON.stringify(fingerprints), poolId)
          .map((row) => [textIn(row, 'fingerprint'), textIn(row, 'id')]),
      ),
    insert: (row) => {
      const { seq, id, poolId, createdMs } = row;
      const { lastInsertRowid } = insert.run(
        seq === 0 ? null : seq,
        id,
        poolId,
        createdMs,
        ...valuesOf(row),
      );
      hints.add({ ...row, seq: Number(lastInsertRowid) });
    },
    update: (before, { version, state }) => {
      const row = { ...before, version, state };
      const sameSecret = before.state.fingerprint === state.fingerprint;
      if (!sameSecret) hints.remove(row.seq);
      const { changes } = update.run(...valuesOf(row), row.seq, version);
      if (!sameSecret) hints.add(changes === 0 ? before : row);
    },
    replace: (row) => {
      hints.remove(row.seq);
      replace.run(row.poolId, row.createdMs, ...valuesOf(row), row.seq);
      hints.add(row);
    },
    matches: (row) => {
      const { seq, id, poolId, createdMs } = row;
      return same.get(id, poolId, createdMs, ...valuesOf(row), seq) !== undefined;
    },
    remove: (seq) => {
      hints.remove(seq);
      remove.run(seq);
      removeUsage.run(seq);
    },
  };
}
