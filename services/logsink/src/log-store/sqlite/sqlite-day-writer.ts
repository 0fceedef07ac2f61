import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { regroup, RollUp } from '../../rollups/rollup.ts';
import type { Span } from '../../rollups/span.ts';
import { hashOf } from '../hash.ts';
import type { ReceivedRow } from '../received-rows.ts';
import { searchedText } from '../row-match.ts';
import type { SqliteAttempts } from './sqlite-attempts.ts';
import type { SqliteFacets } from './sqlite-facets.ts';
import type { SqliteRollups } from './sqlite-rollups.ts';

/** Spans whose rollups are made of those of minutes. */
const longerSpans = ['quarter', 'hour', 'day'] as const satisfies readonly Span[];

/** Texts that are known to be written; forgotten all at once when there are more. */
const rememberedTexts = 20_000;

/**
 * Writes rows of a day and their rollups: one after the other, so that no more than one is in memory, those
 * from `begin` to `commit` in one transaction.
 */
export class SqliteDayWriter {
  readonly #db: DatabaseSync;
  readonly #rollups: SqliteRollups;
  readonly #attempts: SqliteAttempts;
  readonly #facets: SqliteFacets;
  readonly #texts = new Set<number>();
  readonly #insert: StatementSync;
  readonly #insertText: StatementSync;
  readonly #idAt: StatementSync;
  #minutes = new RollUp('minute');

  /** The caller owns the connection. */
  constructor(
    db: DatabaseSync,
    parts: {
      readonly rollups: SqliteRollups;
      readonly attempts: SqliteAttempts;
      readonly facets: SqliteFacets;
    },
  ) {
    this.#db = db;
    this.#rollups = parts.rollups;
    this.#attempts = parts.attempts;
    this.#facets = parts.facets;
    this.#insert = db.prepare('INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?)');
    this.#insertText = db.prepare('INSERT OR IGNORE INTO texts VALUES (?, ?)');
    this.#idAt = db.prepare('SELECT id FROM rows WHERE seq = ?');
  }

  /** True from `begin` until `commit`, or until the day is closed instead, which undoes all since. */
  get isWriting(): boolean {
    return this.#db.isTransaction;
  }

  begin(): void {
    this.#db.exec('BEGIN IMMEDIATE');
    this.#minutes = new RollUp('minute');
  }

  /** False for a row that is there already. */
  keep({ row, json, place }: ReceivedRow): boolean {
    const facet = this.#facets.add(row);
    const text = searchedText(row);
    const textId = hashOf(text);
    let { seq } = place;
    // The place of another row, once in a great while: the next one is as good.
    while (this.#insert.run(seq, row.request_id, facet, textId, json).changes === 0) {
      if (this.#idAt.get(seq)?.['id'] === row.request_id) return false;
      seq += 1;
    }
    if (!this.#texts.has(textId)) {
      this.#insertText.run(textId, text);
      if (this.#texts.size >= rememberedTexts) this.#texts.clear();
      this.#texts.add(textId);
    }
    for (const { key_id } of row.attempts) this.#attempts.add(key_id, facet, seq);
    this.#minutes.count(place.timeMs, row);
    return true;
  }

  commit(): void {
    this.#attempts.sortWhenMany();
    const minutes = this.#minutes.all();
    this.#rollups.add(minutes, 'minute');
    for (const span of longerSpans) this.#rollups.add(regroup(minutes, span), span);
    this.#db.exec('COMMIT');
  }
}
