import type { KeyStatus } from '@keymux/contracts';
import type { KeyFilter } from '../key-filter.ts';

export type SqlValue = string | number;
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

function statusCondition(status: KeyStatus, nowMs: number): Condition {
  switch (status) {
    case 'cooling':
      // The 0 says nothing new but lets SQLite take the index of resting keys.
      return {
        sql: "status = 'active' AND rest_until_ms > 0 AND rest_until_ms > ?",
        values: [nowMs],
      };
    case 'active':
      return { sql: "status = 'active' AND rest_until_ms <= ?", values: [nowMs] };
    case 'blacklisted':
    case 'disabled':
      return { sql: 'status = ?', values: [status] };
    default:
      return status satisfies never;
  }
}

/** The WHERE of a filter over one pool. */
export function conditionOf(poolId: number, filter: KeyFilter, nowMs: number): Condition {
  const parts: Condition[] = [{ sql: 'pool = ?', values: [poolId] }];
  const add = (sql: string, value: SqlValue): void => {
    parts.push({ sql, values: [value] });
  };
  const { status, rule, sinceMs, untilMs, seqs, ids, fingerprints, upToSeq } = filter;
  if (status !== undefined) parts.push(statusCondition(status, nowMs));
  if (rule !== undefined) add('cause_rule = ?', rule);
  if (sinceMs !== undefined) add('cause_ms >= ?', sinceMs);
  if (untilMs !== undefined) add('cause_ms <= ?', untilMs);
  if (seqs !== undefined) add('keys.seq IN (SELECT value FROM json_each(?))', JSON.stringify(seqs));
  if (ids !== undefined) add('keys.id IN (SELECT value FROM json_each(?))', JSON.stringify(ids));
  if (fingerprints !== undefined) {
    const these = JSON.stringify(fingerprints);
    add(
      `keys.seq IN (SELECT seq FROM all_key_hints
         WHERE hint IN (SELECT substr(value, 1, 8) FROM json_each(?)))`,
      these,
    );
    add('fingerprint IN (SELECT value FROM json_each(?))', these);
  }
  if (upToSeq !== undefined) add('keys.seq <= ?', upToSeq);
  return {
    sql: parts.map((part) => part.sql).join(' AND '),
    values: parts.flatMap((part) => part.values),
  };
}
