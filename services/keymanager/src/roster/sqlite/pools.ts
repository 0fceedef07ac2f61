import type { DatabaseSync } from 'node:sqlite';
import type { Pool, Pools } from '../pools.ts';
import { numberIn, textIn } from './columns.ts';

/** Pools as a transaction needs them. */
export interface PoolRows {
  find(name: string): Pool | undefined;
  open(name: string): Pool;
  byId(id: number): Pool | undefined;
  all(): Pool[];
  close(id: number): void;
  /** The next revision of a pool. */
  advance(id: number): number;
  /** The pool that was the nth of its name (0 is the first), closed or not; made when it is missing. */
  nth(name: string, index: number): Pool;
}

/** Reads and writes pools; the caller owns the connection and the transaction. */
export function createPoolRows(db: DatabaseSync): PoolRows {
  const byName = db.prepare('SELECT * FROM pools WHERE name = ? AND closed = 0');
  const byId = db.prepare('SELECT * FROM pools WHERE id = ?');
  const open = db.prepare('SELECT * FROM pools WHERE closed = 0 ORDER BY name');
  const ofName = db.prepare('SELECT * FROM pools WHERE name = ? ORDER BY id LIMIT 1 OFFSET ?');
  // A new pool of an old name goes on counting, or gateways would take its changes for old ones.
  const insert = db.prepare(
    `INSERT INTO pools (name, revision, closed)
     SELECT ?, coalesce((SELECT max(revision) + 1 FROM pools WHERE name = ?), 0), ? RETURNING *`,
  );
  const close = db.prepare('UPDATE pools SET closed = 1, revision = revision + 1 WHERE id = ?');
  const advance = db.prepare(
    'UPDATE pools SET revision = revision + 1 WHERE id = ? RETURNING revision',
  );

  const poolOf = (row: Record<string, unknown>): Pool => ({
    id: numberIn(row, 'id'),
    name: textIn(row, 'name'),
    revision: numberIn(row, 'revision'),
    closed: numberIn(row, 'closed') === 1,
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
    byId: (id) => {
      const row = byId.get(id);
      return row === undefined ? undefined : poolOf(row);
    },
    all: () => open.all().map(poolOf),
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

/** The same for those who only read. */
export function createPools(rows: PoolRows): Pools {
  return {
    find: async (name) => rows.find(name),
    open: async (name) => rows.open(name),
    byId: async (id) => rows.byId(id),
    all: async () => rows.all(),
  };
}
