import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { inTransaction, migrate, type Migration, openDatabase } from '@keymux/service';
import { regroup, type Rollup, rollUp, type TimedRow } from '../../rollups/rollup.ts';
import { type Span, type Stretch } from '../../rollups/span.ts';
import { type Facet, facetId, facetOf } from '../facet.ts';
import { hashOf } from '../hash.ts';
import type { PlaceStream } from '../newest-first.ts';
import type { Place } from '../place.ts';
import type { ReceivedRow } from '../received-rows.ts';
import { searchedText } from '../row-match.ts';
import { seqs } from './seqs.ts';
import { attemptsTable, newAttemptsTable, SqliteAttempts } from './sqlite-attempts.ts';
import { rollupTable, SqliteRollups } from './sqlite-rollups.ts';

/** Spans whose rollups are made of those of minutes. */
const longerSpans = ['quarter', 'hour', 'day'] as const satisfies readonly Span[];

const dayMigrations: readonly Migration[] = [
  {
    component: 'request-logs',
    version: 1,
    up: `CREATE TABLE facets (
      id INTEGER PRIMARY KEY, grp TEXT NOT NULL, aggregate TEXT, model TEXT,
      status INTEGER NOT NULL, at_fault TEXT, proxy_key TEXT
    ) STRICT;
    CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
    CREATE TABLE rows (
      seq INTEGER PRIMARY KEY, id TEXT NOT NULL,
      facet INTEGER NOT NULL, text INTEGER NOT NULL, json TEXT NOT NULL
    ) STRICT;
    CREATE INDEX rows_by_facet ON rows (facet, seq);
    CREATE INDEX rows_by_text ON rows (text, seq);
    ${attemptsTable}
    ${rollupTable}`,
  },
  { component: 'request-logs', version: 2, up: newAttemptsTable },
];

/** Texts that are known to be written; forgotten all at once when there are more. */
const rememberedTexts = 20_000;

/** One day of request logs in one file. */
export class SqliteDay {
  readonly #db: DatabaseSync;
  readonly #rollups: SqliteRollups;
  readonly #attempts: SqliteAttempts;
  readonly #facets: Map<number, Facet>;
  readonly #texts = new Set<number>();
  readonly #insert: StatementSync;
  readonly #insertFacet: StatementSync;
  readonly #insertText: StatementSync;
  readonly #idAt: StatementSync;
  readonly #rowAt: StatementSync;
  readonly #byFacet: StatementSync;
  readonly #byText: StatementSync;
  readonly #bySeq: StatementSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
    this.#rollups = new SqliteRollups(db);
    this.#attempts = new SqliteAttempts(db);
    this.#insert = db.prepare('INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?)');
    this.#insertFacet = db.prepare('INSERT OR IGNORE INTO facets VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#insertText = db.prepare('INSERT OR IGNORE INTO texts VALUES (?, ?)');
    this.#idAt = db.prepare('SELECT id FROM rows WHERE seq = ?');
    this.#rowAt = db.prepare('SELECT id, facet, text, json FROM rows WHERE seq = ?');
    const below = 'AND seq < ? ORDER BY seq DESC LIMIT ?';
    this.#byFacet = db.prepare(`SELECT seq FROM rows WHERE facet = ? ${below}`);
    this.#byText = db.prepare(`SELECT seq FROM rows WHERE text = ? ${below}`);
    this.#bySeq = db.prepare('SELECT seq FROM rows WHERE seq < ? ORDER BY seq DESC LIMIT ?');
    this.#facets = new Map(
      db
        .prepare('SELECT * FROM facets')
        .all()
        .map((found) => [Number(found['id']), toFacet(found)]),
    );
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
    // The same pages of the indexes change with every batch: they are put in their place now and then.
    opened.db.exec('PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -32000');
    return new SqliteDay(opened.db);
  }

  close(): void {
    this.#db.close();
  }

  /** Writes rows that are new, and their rollups, in one transaction; tells how many were new. */
  write(rows: readonly ReceivedRow[]): number {
    try {
      return inTransaction(this.#db, () => {
        const fresh = rows.filter((each) => this.#keep(each));
        this.#attempts.sortWhenMany();
        const timed = fresh.map(({ row, place }): TimedRow => ({ row, timeMs: place.timeMs }));
        const minutes = rollUp(timed, 'minute');
        this.#rollups.add(minutes, 'minute');
        for (const span of longerSpans) this.#rollups.add(regroup(minutes, span), span);
        return fresh.length;
      });
    } catch (error) {
      // What was remembered may not have been kept.
      this.#texts.clear();
      this.#attempts.recount();
      this.#facets.clear();
      for (const found of this.#db.prepare('SELECT * FROM facets').all()) {
        this.#facets.set(Number(found['id']), toFacet(found));
      }
      throw error;
    }
  }

  /** The facets of the day that `wanted` accepts. */
  facets(wanted: (facet: Facet) => boolean): Set<number> {
    const found = new Set<number>();
    for (const [id, facet] of this.#facets) if (wanted(facet)) found.add(id);
    return found;
  }

  /** The texts of the day that contain one, in lower case. */
  texts(part: string): Set<number> {
    const found = this.#db.prepare('SELECT id FROM texts WHERE instr(text, ?) > 0').all(part);
    return new Set(found.map((each) => Number(each['id'])));
  }

  readonly all: PlaceStream = (below, limit) => seqs(this.#bySeq.all(below, limit));

  ofFacet(facet: number): PlaceStream {
    return (below, limit) => seqs(this.#byFacet.all(facet, below, limit));
  }

  ofText(text: number): PlaceStream {
    return (below, limit) => seqs(this.#byText.all(text, below, limit));
  }

  /** The rows that tried a key; perhaps also some of facets that are not wanted. */
  ofKey(keyId: string, facets: ReadonlySet<number> | null): PlaceStream[] {
    return this.#attempts.ofKey(keyId, facets);
  }

  at(seq: number): { id: string; facet: number; text: number; json: string } | null {
    const found = this.#rowAt.get(seq);
    if (found === undefined) return null;
    return {
      id: String(found['id']),
      facet: Number(found['facet']),
      text: Number(found['text']),
      json: String(found['json']),
    };
  }

  /** Where a row is; of an id that is not there, where it would be. */
  seqOf(id: string, place: Place): { seq: number; found: boolean } {
    for (let seq = place.seq; ; seq += 1) {
      const there = this.#idAt.get(seq)?.['id'];
      if (there === id) return { seq, found: true };
      if (there === undefined) return { seq: place.seq, found: false };
    }
  }

  rollups(stretch: Stretch): Generator<Rollup> {
    return this.#rollups.within(stretch);
  }

  /** All of the day by one span. */
  allRollups(span: Span): Rollup[] {
    return [...this.#rollups.within({ span, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })];
  }

  #keep({ row, json, place }: ReceivedRow): boolean {
    const facet = facetOf(row);
    const id = facetId(facet);
    const text = searchedText(row);
    const textId = hashOf(text);
    let { seq } = place;
    // The place of another row, once in a great while: the next one is as good.
    while (this.#insert.run(seq, row.request_id, id, textId, json).changes === 0) {
      if (this.#idAt.get(seq)?.['id'] === row.request_id) return false;
      seq += 1;
    }
    if (!this.#facets.has(id)) {
      const { group, aggregate, model, status, at_fault, proxy_key } = facet;
      this.#insertFacet.run(id, group, aggregate, model, status, at_fault, proxy_key);
      this.#facets.set(id, facet);
    }
    if (!this.#texts.has(textId)) {
      this.#insertText.run(textId, text);
      if (this.#texts.size >= rememberedTexts) this.#texts.clear();
      this.#texts.add(textId);
    }
    for (const { key_id } of row.attempts) this.#attempts.add(key_id, id, seq);
    return true;
  }
}

function toFacet(found: Record<string, SQLOutputValue>): Facet {
  const nullable = (name: string): string | null => {
    const value = found[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    group: String(found['grp']),
    aggregate: nullable('aggregate'),
    model: nullable('model'),
    status: Number(found['status']),
    // Checked when the row came in.
    at_fault: nullable('at_fault') as Facet['at_fault'],
    proxy_key: nullable('proxy_key'),
  };
}
