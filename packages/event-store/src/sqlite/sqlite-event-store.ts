import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { inTransaction, type Migration } from '@keymux/service';
import type { Appended, EventStore, Rewrite, StoredEvent, StreamAppend } from '../event-store.ts';

/** The event store's tables, by version. */
export const eventStoreMigrations: readonly Migration[] = [
  {
    component: 'event-store',
    version: 1,
    up: `CREATE TABLE events (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      stream TEXT NOT NULL,
      version INTEGER NOT NULL,
      id TEXT NOT NULL UNIQUE,
      type TEXT NOT NULL,
      time TEXT NOT NULL,
      actor TEXT NOT NULL,
      data TEXT NOT NULL,
      UNIQUE (stream, version)
    ) STRICT`,
  },
];

/** What SQLite adds to the port: an append that joins the transaction that is open on its connection. */
export interface SqliteEventStore extends EventStore {
  /** All or nothing; leaves an open transaction usable whatever it answers. */
  appendNow(batch: readonly StreamAppend[]): Appended;
}

/** An event store in a migrated SQLite database; the caller owns the connection. */
export function createSqliteEventStore(db: DatabaseSync): SqliteEventStore {
  const insert = db.prepare(
    'INSERT INTO events (stream, version, id, type, time, actor, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const lastVersion = db.prepare('SELECT max(version) AS version FROM events WHERE stream = ?');
  const byId = db.prepare('SELECT 1 FROM events WHERE id = ?');
  const ofStream = db.prepare(
    'SELECT * FROM events WHERE stream = ? AND version >= ? ORDER BY version LIMIT ?',
  );
  const ofStreamAndTypes = db.prepare(
    `SELECT * FROM events WHERE stream = ?1 AND version >= ?2
       AND type IN (SELECT value FROM json_each(?4)) ORDER BY version LIMIT ?3`,
  );
  const newestOfStream = db.prepare(
    'SELECT * FROM events WHERE stream = ? ORDER BY version DESC LIMIT 1',
  );
  const all = db.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?');
  const allUntil = db.prepare(
    'SELECT * FROM events WHERE position > ? AND time <= ? ORDER BY position LIMIT ?',
  );

  const rewriteOne = db.prepare('UPDATE events SET data = ? WHERE position = ?');

  // Every check comes before the first write, so nothing has to be taken back.
  const refusal = (batch: readonly StreamAppend[]): Appended | null => {
    const ids = new Set<string>();
    const streams = new Set<string>();
    for (const { stream, expectedVersion, events } of batch) {
      for (const { id } of events) {
        if (ids.has(id) || byId.get(id) !== undefined) return { kind: 'duplicate', stream, id };
        ids.add(id);
      }
      const version = Number(lastVersion.get(stream)?.['version'] ?? 0);
      if (streams.has(stream) || version !== expectedVersion) return { kind: 'conflict', stream };
      streams.add(stream);
    }
    return null;
  };
  const write = (batch: readonly StreamAppend[]): Appended => {
    const refused = refusal(batch);
    if (refused !== null) return refused;
    let position = 0;
    for (const { stream, expectedVersion, events } of batch) {
      for (const [at, event] of events.entries()) {
        const { lastInsertRowid } = insert.run(
          stream,
          expectedVersion + at + 1,
          event.id,
          event.type,
          event.time,
          event.actor,
          JSON.stringify(event.data),
        );
        position = Number(lastInsertRowid);
      }
    }
    return { kind: 'appended', position };
  };
  const rewriteAll = (changes: readonly Rewrite[]): void => {
    for (const { position, data } of changes) rewriteOne.run(JSON.stringify(data), position);
  };
  const appendNow = (batch: readonly StreamAppend[]): Appended =>
    db.isTransaction ? write(batch) : inTransaction(db, () => write(batch));
  return {
    appendNow,
    append: (batch) => Promise.resolve().then(() => appendNow(batch)),
    read: (stream, { from = 1, limit = Number.MAX_SAFE_INTEGER, types } = {}) =>
      Promise.resolve().then(() => {
        const rows =
          types === undefined
            ? ofStream.all(stream, from, limit)
            : ofStreamAndTypes.all(stream, from, limit, JSON.stringify(types));
        return rows.map(toEvent);
      }),
    newest: (stream) =>
      Promise.resolve().then(() => {
        const row = newestOfStream.get(stream);
        return row === undefined ? undefined : toEvent(row);
      }),
    readAll: (afterPosition, limit, until) =>
      Promise.resolve().then(() => {
        const rows =
          until === undefined
            ? all.all(afterPosition, limit)
            : allUntil.all(afterPosition, until, limit);
        return rows.map(toEvent);
      }),
    rewrite: (changes) =>
      Promise.resolve().then(() => inTransaction(db, () => rewriteAll(changes))),
  };
}

function toEvent(row: Record<string, SQLOutputValue>): StoredEvent {
  const data: unknown = JSON.parse(String(row['data']));
  if (!isRecord(data)) throw new Error(`event ${String(row['id'])} has no data`);
  return {
    position: Number(row['position']),
    stream: String(row['stream']),
    version: Number(row['version']),
    id: String(row['id']),
    type: String(row['type']),
    time: String(row['time']),
    actor: String(row['actor']),
    data,
  };
}

function isRecord(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null;
}
