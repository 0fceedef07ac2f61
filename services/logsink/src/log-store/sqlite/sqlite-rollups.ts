import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Histogram } from '../../rollups/histogram.ts';
import { add, type Rollup } from '../../rollups/rollup.ts';
import { type Span, spanMs, type Stretch } from '../../rollups/span.ts';

/** The table of rollups; `aggregate` and `model` are empty where a row has none. */
export const rollupTable = `CREATE TABLE rollups (
  span_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL,
  grp TEXT NOT NULL, aggregate TEXT NOT NULL, model TEXT NOT NULL, status INTEGER NOT NULL,
  requests INTEGER NOT NULL, errors INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
  latency TEXT NOT NULL, ttfb TEXT NOT NULL,
  PRIMARY KEY (span_ms, start_ms, grp, aggregate, model, status)
) STRICT, WITHOUT ROWID;`;

/** Rollups in one database. */
export class SqliteRollups {
  readonly #one: StatementSync;
  readonly #put: StatementSync;
  readonly #stretch: StatementSync;

  constructor(db: DatabaseSync) {
    this.#one = db.prepare(
      'SELECT * FROM rollups WHERE span_ms = ? AND start_ms = ? AND grp = ? AND aggregate = ? AND model = ? AND status = ?',
    );
    this.#put = db.prepare(
      'INSERT OR REPLACE INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#stretch = db.prepare(
      'SELECT * FROM rollups WHERE span_ms = ? AND start_ms >= ? AND start_ms < ?',
    );
  }

  /** Adds to what is there; joins an open transaction. */
  add(rollups: readonly Rollup[], span: Span): void {
    for (const each of rollups) {
      const key = [
        spanMs[span],
        each.startMs,
        each.group,
        each.aggregate ?? '',
        each.model ?? '',
        each.status,
      ] as const;
      const found = this.#one.get(...key);
      const sum = found === undefined ? each : toRollup(found);
      if (found !== undefined) add(sum, each);
      this.#put.run(
        ...key,
        sum.requests,
        sum.errors,
        sum.tokensIn,
        sum.tokensOut,
        JSON.stringify(sum.latency),
        JSON.stringify(sum.ttfb),
      );
    }
  }

  *within({ span, fromMs, toMs }: Stretch): Generator<Rollup> {
    for (const found of this.#stretch.iterate(spanMs[span], fromMs, toMs)) yield toRollup(found);
  }
}

function toRollup(found: Record<string, SQLOutputValue>): Rollup {
  // Written by this class and nobody else.
  const histogram = (name: string): Histogram => JSON.parse(String(found[name])) as Histogram;
  return {
    startMs: Number(found['start_ms']),
    group: String(found['grp']),
    aggregate: String(found['aggregate']) || null,
    model: String(found['model']) || null,
    status: Number(found['status']),
    requests: Number(found['requests']),
    errors: Number(found['errors']),
    tokensIn: Number(found['tokens_in']),
    tokensOut: Number(found['tokens_out']),
    latency: histogram('latency'),
    ttfb: histogram('ttfb'),
  };
}
