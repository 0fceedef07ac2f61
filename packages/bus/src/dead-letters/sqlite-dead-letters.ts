import type { DatabaseSync } from 'node:sqlite';
import { type Clock, type Logger, type Migration, newId } from '@keymux/service';
import type { DeadLetterStore } from './dead-letter-store.ts';

/** The table of dead letters. */
export const deadLetterMigrations: readonly Migration[] = [
  {
    component: 'dead-letters',
    version: 1,
    up: `CREATE TABLE dead_letters (
      id TEXT PRIMARY KEY,
      stream TEXT NOT NULL,
      subject TEXT NOT NULL,
      time TEXT NOT NULL,
      reason TEXT NOT NULL,
      message TEXT NOT NULL
    ) STRICT`,
  },
];

/** Keeps dead letters in a migrated SQLite database. */
export function createSqliteDeadLetters(deps: {
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly log: Logger;
}): DeadLetterStore {
  const insert = deps.db.prepare('INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?)');
  const page = deps.db.prepare(
    // By the order of arrival: ids of one millisecond are in none.
    `SELECT id, stream, subject, time, reason FROM dead_letters
     WHERE rowid < coalesce((SELECT rowid FROM dead_letters WHERE id = ?), 9223372036854775807)
     ORDER BY rowid DESC LIMIT ?`,
  );
  const total = deps.db.prepare('SELECT count(*) AS n FROM dead_letters');
  return {
    async park(stream, message, reason) {
      deps.log.error({ stream, id: message.id, reason }, 'a message became a dead letter');
      const time = new Date(deps.clock.now()).toISOString();
      insert.run(newId(), stream, message.subject, time, reason, JSON.stringify(message));
    },
    async list(before, limit) {
      const items = page.all(before, limit + 1).map((row) => ({
        id: String(row['id']),
        stream: String(row['stream']),
        subject: String(row['subject']),
        time: String(row['time']),
        reason: String(row['reason']),
      }));
      const more = items.length > limit;
      const shown = items.slice(0, limit);
      return { items: shown, next: more ? (shown.at(-1)?.id ?? null) : null };
    },
    count: async () => Number(total.get()?.['n'] ?? 0),
  } satisfies DeadLetterStore;
}
