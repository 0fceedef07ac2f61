import type { DatabaseSync } from 'node:sqlite';
import type { DeadLetters } from '@keymux/bus';
import { type Clock, type Logger, type Migration, newId } from '@keymux/service';

/** The table of messages that nobody could read. */
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

/** A dead letter as it is listed. */
export interface DeadLetter {
  readonly id: string;
  readonly stream: string;
  readonly subject: string;
  readonly time: string;
  readonly reason: string;
}

export interface DeadLetterStore extends DeadLetters {
  /** Newest first, from before an id. */
  list(before: string | null, limit: number): { items: DeadLetter[]; next: string | null };
  count(): number;
}

/** Keeps dead letters in a migrated SQLite database. */
export function createDeadLetters(deps: {
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly log: Logger;
}): DeadLetterStore {
  const insert = deps.db.prepare('INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?)');
  const page = deps.db.prepare(
    'SELECT id, stream, subject, time, reason FROM dead_letters WHERE id < ? ORDER BY id DESC LIMIT ?',
  );
  const total = deps.db.prepare('SELECT count(*) AS n FROM dead_letters');
  return {
    park(stream, message, reason) {
      deps.log.error({ stream, id: message.id, reason }, 'a message became a dead letter');
      const time = new Date(deps.clock.now()).toISOString();
      insert.run(newId(), stream, message.subject, time, reason, JSON.stringify(message));
    },
    list(before, limit) {
      const items = page.all(before ?? '~', limit + 1).map((row) => ({
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
    count: () => Number(total.get()?.['n'] ?? 0),
  };
}
