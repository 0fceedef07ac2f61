import type { DatabaseSync } from 'node:sqlite';
import { numberIn } from './columns.ts';

/** A batch of outcomes of one producer for one group. */
export interface BatchName {
  readonly producer: string;
  readonly batch: number;
  readonly group: string;
}

/** Which batches of outcomes were handled, so that a redelivery changes nothing. */
export interface OutcomeMarks {
  has(name: BatchName): boolean;
  add(name: BatchName): void;
  /** The producer will never send batches up to here again: one number replaces their marks. */
  forget(producer: string, ackedThrough: number): void;
}

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
    add: ({ producer, batch, group }) => {
      add.run(producer, batch, group);
    },
    forget: (producer, ackedThrough) => {
      if (ackedThrough <= floorOf(producer)) return;
      raise.run(producer, ackedThrough);
      forget.run(producer, ackedThrough);
    },
  };
}
