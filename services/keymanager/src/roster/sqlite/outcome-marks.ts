import type { DatabaseSync } from 'node:sqlite';
import type { OutcomeBatch } from '../ledger.ts';
import { numberIn } from './columns.ts';

/** Which batches of outcomes were handled, so that a redelivery changes nothing. */
export interface OutcomeMarks {
  has(batch: OutcomeBatch): boolean;
  /** Marks it; one number replaces the marks of what the producer will never send again. */
  add(batch: OutcomeBatch): void;
}

/**
 * Batches whose marks stay behind what a producer was answered for: a bus with a store of its own
 * answers before we have them, and may bring an older batch later, or again.
 */
const keptBatches = 10_000;

/** Marks in SQLite, in the transaction that counts what they mark. */
export function createOutcomeMarks(db: DatabaseSync): OutcomeMarks {
  const find = db.prepare(
    'SELECT 1 FROM outcome_marks WHERE producer = ? AND batch = ? AND group_name = ?',
  );
  const floor = db.prepare('SELECT acked_through FROM outcome_producers WHERE producer = ?');
  const add = db.prepare('INSERT OR IGNORE INTO outcome_marks VALUES (?, ?, ?)');
  const raise = db.prepare(
    `INSERT INTO outcome_producers VALUES (?, ?) ON CONFLICT DO UPDATE SET
       acked_through = max(acked_through, excluded.acked_through)`,
  );
  const forget = db.prepare('DELETE FROM outcome_marks WHERE producer = ? AND batch <= ?');
  const floorOf = (producer: string): number => {
    const row = floor.get(producer);
    return row === undefined ? 0 : numberIn(row, 'acked_through');
  };
  return {
    has: ({ producer, batch, group }) =>
      batch <= floorOf(producer) || find.get(producer, batch, group) !== undefined,
    add: ({ producer, batch, group, acked_through: ackedThrough }) => {
      add.run(producer, batch, group);
      const forgotten = ackedThrough - keptBatches;
      if (forgotten <= floorOf(producer)) return;
      raise.run(producer, forgotten);
      forget.run(producer, forgotten);
    },
  };
}
