import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { hashOf } from '../hash.ts';
import type { PlaceStream } from '../newest-first.ts';
import { seqs } from './seqs.ts';

export const attemptsTable = `CREATE TABLE attempts (
  key INTEGER NOT NULL, facet INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (key, facet, seq)
) STRICT, WITHOUT ROWID;`;

export const newAttemptsTable = `CREATE TABLE new_attempts (
  key INTEGER NOT NULL, facet INTEGER NOT NULL, seq INTEGER NOT NULL
) STRICT;`;

/** So many wait at most until they are put in order: what a search by key reads in vain. */
const mostNew = 16_384;

/**
 * Which rows tried which key. Keys take turns, so that nearly each attempt belongs on a page of its
 * own: they are kept in the order in which they come, and put in that of keys many at a time.
 */
export class SqliteAttempts {
  readonly #insert: StatementSync;
  readonly #sort: StatementSync;
  readonly #clear: StatementSync;
  readonly #byKey: StatementSync;
  readonly #newByKey: StatementSync;
  readonly #nextFacet: StatementSync;
  #new: number;

  /** The caller owns the connection and the transactions. */
  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO new_attempts VALUES (?, ?, ?)');
    this.#sort = db.prepare(
      'INSERT OR IGNORE INTO attempts SELECT key, facet, seq FROM new_attempts ORDER BY key, facet, seq',
    );
    this.#clear = db.prepare('DELETE FROM new_attempts');
    const below = 'AND seq < ? ORDER BY seq DESC LIMIT ?';
    this.#byKey = db.prepare(`SELECT seq FROM attempts WHERE key = ? AND facet = ? ${below}`);
    this.#newByKey = db.prepare(`SELECT seq FROM new_attempts WHERE key = ? ${below}`);
    this.#nextFacet = db.prepare(
      'SELECT facet FROM attempts WHERE key = ? AND facet > ? ORDER BY facet LIMIT 1',
    );
    this.#new = Number(db.prepare('SELECT count(*) AS n FROM new_attempts').get()?.['n']);
  }

  add(keyId: string, facet: number, seq: number): void {
    this.#insert.run(hashOf(keyId), facet, seq);
    this.#new += 1;
  }

  /** At the end of a transaction that added some. */
  sortWhenMany(): void {
    if (this.#new < mostNew) return;
    this.#sort.run();
    this.#clear.run();
    this.#new = 0;
  }

  /** The rows that tried a key; of those in order only facets that are wanted, all when null. */
  ofKey(keyId: string, facets: ReadonlySet<number> | null): PlaceStream[] {
    const key = hashOf(keyId);
    const sorted = this.#facetsOf(key)
      .filter((facet) => facets === null || facets.has(facet))
      .map(
        (facet): PlaceStream =>
          (below, limit) =>
            seqs(this.#byKey.all(key, facet, below, limit)),
      );
    return [...sorted, (below, limit) => seqs(this.#newByKey.all(key, below, limit))];
  }

  #facetsOf(key: number): number[] {
    const found: number[] = [];
    for (let facet = -1; ;) {
      // A seek a facet: DISTINCT would read every row of the key.
      const next = this.#nextFacet.get(key, facet);
      if (next === undefined) return found;
      facet = Number(next['facet']);
      found.push(facet);
    }
  }
}
