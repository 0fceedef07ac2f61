import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { migrate, type Migration, openDatabase } from '@keymux/service';
import type { Rollup } from '../../rollups/rollup.ts';
import type { Span, Stretch } from '../../rollups/span.ts';
import type { Facet } from '../facet.ts';
import type { PlaceStream } from '../newest-first.ts';
import type { Place } from '../place.ts';
import { seqs } from './seqs.ts';
import { attemptsTable, newAttemptsTable, SqliteAttempts } from './sqlite-attempts.ts';
import { SqliteDayWriter } from './sqlite-day-writer.ts';
import { facetsTable, SqliteFacets } from './sqlite-facets.ts';
import { rollupTable, SqliteRollups } from './sqlite-rollups.ts';

const dayMigrations: readonly Migration[] = [
  {
    component: 'request-logs',
    version: 1,
    up: `${facetsTable}
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

/** One day of request logs in one file. */
export class SqliteDay {
  readonly #db: DatabaseSync;
  readonly #rollups: SqliteRollups;
  readonly #attempts: SqliteAttempts;
  readonly #facets: SqliteFacets;
  /** Writes what comes in. */
  readonly writer: SqliteDayWriter;
  readonly #idAt: StatementSync;
  readonly #rowAt: StatementSync;
  readonly #byFacet: StatementSync;
  readonly #byText: StatementSync;
  readonly #bySeq: StatementSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
    this.#rollups = new SqliteRollups(db);
    this.#attempts = new SqliteAttempts(db);
    this.#facets = new SqliteFacets(db);
    this.writer = new SqliteDayWriter(db, {
      rollups: this.#rollups,
      attempts: this.#attempts,
      facets: this.#facets,
    });
    this.#idAt = db.prepare('SELECT id FROM rows WHERE seq = ?');
    this.#rowAt = db.prepare('SELECT id, facet, text, json FROM rows WHERE seq = ?');
    const below = 'AND seq < ? ORDER BY seq DESC LIMIT ?';
    this.#byFacet = db.prepare(`SELECT seq FROM rows WHERE facet = ? ${below}`);
    this.#byText = db.prepare(`SELECT seq FROM rows WHERE text = ? ${below}`);
    this.#bySeq = db.prepare('SELECT seq FROM rows WHERE seq < ? ORDER BY seq DESC LIMIT ?');
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

  /** The facets of the day that `wanted` accepts. */
  facets(wanted: (facet: Facet) => boolean): Set<number> {
    return this.#facets.find(wanted);
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
}
