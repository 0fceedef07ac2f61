import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { LogRow } from '@keymux/contracts';
import { inTransaction, migrate, type Migration, openDatabase } from '@keymux/service';
import { Value } from 'typebox/value';
import { Type } from 'typebox';
import { add, rollUp, type Rollup } from '../rollups/rollup.ts';
import type { Histogram } from '../rollups/histogram.ts';
import type { LogFilter, ReceivedRow } from './log-store.ts';

const rollupTable = `CREATE TABLE rollups (
  start_ms INTEGER NOT NULL, grp TEXT NOT NULL, model TEXT NOT NULL, status INTEGER NOT NULL,
  requests INTEGER NOT NULL, errors INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
  latency TEXT NOT NULL, ttfb TEXT NOT NULL,
  PRIMARY KEY (start_ms, grp, model, status)
) STRICT, WITHOUT ROWID;`;

const dayMigrations: readonly Migration[] = [
  {
    component: 'request-logs',
    version: 1,
    up: `CREATE TABLE rows (
      id TEXT PRIMARY KEY,
      time_ms INTEGER NOT NULL, grp TEXT NOT NULL, aggregate TEXT, model TEXT,
      status INTEGER NOT NULL, at_fault TEXT, proxy_key TEXT,
      searched TEXT NOT NULL, json TEXT NOT NULL
    ) STRICT;
    CREATE INDEX rows_by_group ON rows (grp, id);
    CREATE INDEX rows_by_status ON rows (status, id);
    CREATE INDEX rows_by_model ON rows (model, id);
    CREATE INDEX rows_by_fault ON rows (at_fault, id) WHERE at_fault IS NOT NULL;
    CREATE TABLE attempts (key_id TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (key_id, id))
      STRICT, WITHOUT ROWID;
    ${rollupTable}`,
  },
];

const HistogramSchema = Type.Record(Type.String(), Type.Number());

/** One day of request logs in one file. */
export class SqliteDay {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Opens or creates a day's file. Throws with one line that says what is wrong with it. */
  static open(path: string): SqliteDay {
    const opened = openDatabase(path);
    if (opened.kind !== 'open') throw new Error(opened.message);
    const migrated = migrate(opened.db, dayMigrations);
    if (migrated.kind !== 'migrated') {
      opened.db.close();
      throw new Error(migrated.message);
    }
    return new SqliteDay(opened.db);
  }

  close(): void {
    this.#db.close();
  }

  /** Writes rows that are new, and their rollups, in one transaction. */
  write(rows: readonly ReceivedRow[]): number {
    const insert = this.#db.prepare(
      'INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    const attempt = this.#db.prepare('INSERT OR IGNORE INTO attempts VALUES (?, ?)');
    return inTransaction(this.#db, () => {
      const fresh: LogRow[] = [];
      for (const { row, json } of rows) {
        const { changes } = insert.run(
          row.request_id,
          Date.parse(row.time),
          row.group,
          row.aggregate,
          row.model,
          row.status,
          row.at_fault,
          row.proxy_key,
          `${row.path}\n${row.error ?? ''}\n${row.user_agent ?? ''}\n${row.upstream_request_id ?? ''}`,
          json,
        );
        if (changes === 0) continue;
        fresh.push(row);
        for (const { key_id } of row.attempts) attempt.run(key_id, row.request_id);
      }
      this.addRollups(rollUp(fresh));
      return fresh.length;
    });
  }

  /** Adds to the rollups; joins an open transaction. */
  addRollups(rollups: readonly Rollup[]): void {
    const read = this.#db.prepare(
      'SELECT * FROM rollups WHERE start_ms = ? AND grp = ? AND model = ? AND status = ?',
    );
    const write = this.#db.prepare(
      'INSERT OR REPLACE INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    for (const each of rollups) {
      const found = read.get(each.startMs, each.group, each.model, each.status);
      const sum = found === undefined ? each : toRollup(found);
      if (found !== undefined) add(sum, each);
      write.run(
        sum.startMs,
        sum.group,
        sum.model,
        sum.status,
        sum.requests,
        sum.errors,
        sum.tokensIn,
        sum.tokensOut,
        JSON.stringify(sum.latency),
        JSON.stringify(sum.ttfb),
      );
    }
  }

  find(filter: LogFilter, before: string | null, limit: number): LogRow[] {
    const where: string[] = [];
    const values: SQLInputValue[] = [];
    const and = (condition: string, ...bound: SQLInputValue[]): void => {
      where.push(condition);
      values.push(...bound);
    };
    if (before !== null) and('id < ?', before);
    // Two scans of one index each: OR over two columns would read the whole day.
    if (filter.group !== undefined) {
      and('(grp = ? OR aggregate = ?)', filter.group, filter.group);
    }
    if (filter.model !== undefined) and('model = ?', filter.model);
    if (filter.status !== undefined) {
      if ('exact' in filter.status) and('status = ?', filter.status.exact);
      else and('status BETWEEN ? AND ?', filter.status.class * 100, filter.status.class * 100 + 99);
    }
    if (filter.outcome === 'ok') and('at_fault IS NULL AND status < 400');
    else if (filter.outcome === 'error') and('(at_fault IS NOT NULL OR status >= 400)');
    else if (filter.outcome !== undefined) and('at_fault = ?', filter.outcome);
    if (filter.proxyKey !== undefined) and('proxy_key = ?', filter.proxyKey);
    if (filter.keyId !== undefined) {
      and('id IN (SELECT id FROM attempts WHERE key_id = ?)', filter.keyId);
    }
    if (filter.text !== undefined) {
      and("searched LIKE ? ESCAPE '\\'", `%${filter.text.replaceAll(/[\\%_]/g, '\\$&')}%`);
    }
    if (filter.fromMs !== undefined) and('time_ms >= ?', filter.fromMs);
    if (filter.toMs !== undefined) and('time_ms < ?', filter.toMs);
    const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
    return this.#db
      .prepare(`SELECT json FROM rows ${condition} ORDER BY id DESC LIMIT ?`)
      .all(...values, limit)
      .map(toRow);
  }

  get(requestId: string): LogRow | null {
    const found = this.#db.prepare('SELECT json FROM rows WHERE id = ?').get(requestId);
    return found === undefined ? null : toRow(found);
  }

  rollups(fromMs: number, toMs: number): Rollup[] {
    return this.#db
      .prepare('SELECT * FROM rollups WHERE start_ms >= ? AND start_ms < ?')
      .all(fromMs, toMs)
      .map(toRollup);
  }

  /** Adds rollups in a transaction of its own. */
  keepRollups(rollups: readonly Rollup[]): void {
    inTransaction(this.#db, () => this.addRollups(rollups));
  }
}

// Rows were checked when they came in.
function toRow(found: Record<string, SQLOutputValue>): LogRow {
  return JSON.parse(String(found['json'])) as LogRow;
}

function toRollup(found: Record<string, SQLOutputValue>): Rollup {
  const histogram = (name: string): Histogram =>
    Value.Parse(HistogramSchema, JSON.parse(String(found[name])));
  return {
    startMs: Number(found['start_ms']),
    group: String(found['grp']),
    model: String(found['model']),
    status: Number(found['status']),
    requests: Number(found['requests']),
    errors: Number(found['errors']),
    tokensIn: Number(found['tokens_in']),
    tokensOut: Number(found['tokens_out']),
    latency: histogram('latency'),
    ttfb: histogram('ttfb'),
  };
}
