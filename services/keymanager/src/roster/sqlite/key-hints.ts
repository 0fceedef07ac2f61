import type { DatabaseSync } from 'node:sqlite';
import type { KeyRow } from '../keys.ts';
import { numberIn, textIn } from './columns.ts';

/** Most rows that are fresh: some 200 pages, which an import writes again and again. */
const mostFresh = 32_768;
/** Rows that settle at once, neighbours: the pages that they go to take several of them. */
const settledRows = 4_096;
/** Behind every hint. */
const end = '\u{10ffff}';

/**
 * What keys are found by besides their ids: how their fingerprints begin and their masks end (ADR 21). New ones are
 * fresh at first and settle later, in their order. A hint says where to look: a stale one does no harm.
 */
export interface KeyHints {
  /** Notes how the key of this number is found. */
  add(row: KeyRow): void;
  /** Forgets the key of this number, which must still be there. */
  remove(seq: number): void;
}

/** Hints in SQLite; the caller owns the connection and the transaction. */
export function createKeyHints(db: DatabaseSync): KeyHints {
  const add = db.prepare(
    `INSERT OR IGNORE INTO fresh_key_hints
       VALUES (substr(?1, 1, 8), ?3, ?4), (substr(?2, -3), ?3, ?4)`,
  );
  const remove = ['key_hints', 'fresh_key_hints'].map((table) =>
    db.prepare(
      `DELETE FROM ${table} WHERE pool = (SELECT pool FROM keys WHERE seq = ?1) AND seq = ?1 AND hint IN (
         SELECT substr(fingerprint, 1, 8) FROM keys WHERE seq = ?1
         UNION ALL SELECT substr(masked, -3) FROM keys WHERE seq = ?1)`,
    ),
  );
  const count = db.prepare('SELECT count(*) AS count FROM fresh_key_hints');
  const edge = db.prepare(
    `SELECT hint FROM fresh_key_hints WHERE hint > ? ORDER BY hint LIMIT 1 OFFSET ${settledRows}`,
  );
  const settle = db.prepare(
    `INSERT OR IGNORE INTO key_hints
       SELECT * FROM fresh_key_hints WHERE hint >= ? AND hint < ? ORDER BY hint, pool, seq`,
  );
  const forget = db.prepare('DELETE FROM fresh_key_hints WHERE hint >= ? AND hint < ?');
  const countFresh = (): number => numberIn(count.get() ?? {}, 'count');
  // A transaction that is rolled back leaves them wrong until the next round: then hints settle sooner or later.
  let fresh = countFresh();
  let from = '';

  function settleSome(): void {
    const row = edge.get(from);
    const to = row === undefined ? end : textIn(row, 'hint');
    settle.run(from, to);
    const { changes } = forget.run(from, to);
    from = row === undefined ? '' : to;
    fresh = row === undefined ? countFresh() : fresh - Number(changes);
  }

  return {
    add: ({ seq, poolId, state }) => {
      add.run(state.fingerprint, state.masked, poolId, seq);
      fresh += 2;
      if (fresh >= mostFresh) settleSome();
    },
    remove: (seq) => {
      for (const statement of remove) statement.run(seq);
    },
  };
}
