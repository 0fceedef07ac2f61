import type { DatabaseSync } from 'node:sqlite';
import type { Usage } from '../usage.ts';

/** Counters per key, and per key and minute. */
export interface UsageCounters {
  add(seq: number, used: Usage): void;
  /** Forgets minutes before a moment (epoch ms). */
  pruneMinutes(beforeMs: number): void;
}

const minuteMs = 60_000;

/** Counts in SQLite; the caller owns the connection and the transaction. */
export function createUsageCounters(db: DatabaseSync): UsageCounters {
  const add = db.prepare(
    `INSERT INTO usage VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       requests = requests + excluded.requests, failures = failures + excluded.failures,
       last_used_ms = max(last_used_ms, excluded.last_used_ms)`,
  );
  const addMinute = db.prepare(
    `INSERT INTO usage_minutes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       requests = requests + excluded.requests, failures = failures + excluded.failures`,
  );
  const prune = db.prepare('DELETE FROM usage_minutes WHERE minute < ?');
  return {
    add: (seq, { requests, failures, lastUsedMs }) => {
      add.run(seq, requests, failures, lastUsedMs);
      addMinute.run(Math.floor(lastUsedMs / minuteMs), seq, requests, failures);
    },
    pruneMinutes: (beforeMs) => {
      prune.run(Math.floor(beforeMs / minuteMs));
    },
  };
}
