import type { DatabaseSync } from 'node:sqlite';
import { numberIn, textIn } from './columns.ts';

/** A group's keys in one life of the group. */
export interface Pool {
  readonly id: number;
  readonly name: string;
  /** Of its last change; gap-free. */
  readonly revision: number;
}

/** The pools that the roster knows. */
export interface Pools {
  /** The pool of a group that lives; undefined when it never had a key. */
  find(name: string): Pool | undefined;
  /** The same, made when there is none. */
  open(name: string): Pool;
  /** A pool by its id, as long as its group lives. */
  living(id: number): Pool | undefined;
  all(): Pool[];
  isClosed(id: number): boolean;
  /** Takes the name from a pool: whoever asks for the name gets another one. */
  close(id: number): void;
  /** The next revision of a pool. */
  advance(id: number): number;
  /** The pool that was the nth of its name (0 is the first), closed or not; made when it is missing. */
  nth(name: string, index: number): Pool;
}

/** Reads and writes pools; the caller owns the connection and the transaction. */
export function createPools(db: DatabaseSync): Pools {
  const byName = db.prepare('SELECT * FROM pools WHERE name = ? AND closed = 0');
  const living = db.prepare('SELECT * FROM pools WHERE id = ? AND closed = 0');
  const open = db.prepare('SELECT * FROM pools WHERE closed = 0 ORDER BY name');
  const ofName = db.prepare('SELECT * FROM pools WHERE name = ? ORDER BY id LIMIT 1 OFFSET ?');
  // A new pool of an old name goes on counting, or gateways would take its changes for old ones.
  const insert = db.prepare(
    `INSERT INTO pools (name, revision, closed)
     SELECT ?, coalesce((SELECT max(revision) + 1 FROM pools WHERE name = ?), 0), ? RETURNING *`,
  );
  const closed = db.prepare('SELECT 1 FROM pools WHERE id = ? AND closed = 1');
  const close = db.prepare('UPDATE pools SET closed = 1, revision = revision + 1 WHERE id = ?');
  const advance = db.prepare(
    'UPDATE pools SET revision = revision + 1 WHERE id = ? RETURNING revision',
  );

  const poolOf = (row: Record<string, unknown>): Pool => ({
    id: numberIn(row, 'id'),
    name: textIn(row, 'name'),
    revision: numberIn(row, 'revision'),
  });
  const find = (name: string): Pool | undefined => {
    const row = byName.get(name);
    return row === undefined ? undefined : poolOf(row);
  };
  const make = (name: string, isClosed: 0 | 1): Pool => {
    const row = insert.get(name, name, isClosed);
    if (row === undefined) throw new Error(`pool ${name} was not made`);
    return poolOf(row);
  };
  return {
    find,
    open: (name) => find(name) ?? make(name, 0),
    living: (id) => {
      const row = living.get(id);
      return row === undefined ? undefined : poolOf(row);
    },
    all: () => open.all().map(poolOf),
    isClosed: (id) => closed.get(id) !== undefined,
    close: (id) => {
      close.run(id);
    },
    advance: (id) => {
      const row = advance.get(id);
      if (row === undefined) throw new Error(`there is no pool ${id}`);
      return numberIn(row, 'revision');
    },
    nth: (name, index) => {
      const row = ofName.get(name, index);
      if (row !== undefined) return poolOf(row);
      return make(name, find(name) === undefined ? 0 : 1);
    },
  };
}
