import type { DatabaseSync } from 'node:sqlite';
import { numberIn, textIn } from '../../roster/sqlite/columns.ts';
import type { HeardOutcomes, OutcomeArchive } from '../outcome-archive.ts';
import { packOutcomes, unpackOutcomes } from '../packed-outcomes.ts';

/** Rows that one delete takes, so that no write waits long for it. */
const dropRows = 2_000;

/** What SQLite adds to the port: a write that joins the open transaction. */
export interface SqliteOutcomeArchive extends OutcomeArchive {
  putNow(heard: HeardOutcomes): void;
}

/** Outcomes in a migrated SQLite database. */
export function createSqliteOutcomeArchive(db: DatabaseSync): SqliteOutcomeArchive {
  const insert = db.prepare(
    'INSERT INTO heard_outcomes (group_name, heard_ms, outcomes) VALUES (?, ?, ?)',
  );
  const bring = db.prepare(
    'INSERT OR IGNORE INTO heard_outcomes (seq, group_name, heard_ms, outcomes) VALUES (?, ?, ?, ?)',
  );
  const pageOfAll = db.prepare(
    `SELECT seq, group_name, heard_ms, outcomes FROM heard_outcomes
     WHERE heard_ms < ?1 AND (heard_ms, seq) > (?2, ?3) ORDER BY heard_ms, seq LIMIT ?4`,
  );
  const page = db.prepare(
    `SELECT seq, group_name, heard_ms, outcomes FROM heard_outcomes
     WHERE group_name = ?1 AND heard_ms < ?2 AND (heard_ms, seq) > (?3, ?4)
     ORDER BY heard_ms, seq LIMIT ?5`,
  );
  const drop = db.prepare(
    `DELETE FROM heard_outcomes WHERE seq IN
       (SELECT seq FROM heard_outcomes WHERE heard_ms < ? LIMIT ${dropRows})`,
  );
  return {
    putNow: (heard) => {
      insert.run(heard.group, heard.heardMs, packOutcomes(heard));
    },
    page: async ({ group, fromMs, toMs, after, limit }) => {
      const { heardMs, seq } = after ?? { heardMs: fromMs, seq: 0 };
      const rows =
        group === null
          ? pageOfAll.all(toMs, heardMs, seq, limit)
          : page.all(group, toMs, heardMs, seq, limit);
      const batches = rows.map((row): HeardOutcomes => {
        const packed = row['outcomes'];
        if (!(packed instanceof Uint8Array)) throw new Error('a batch of outcomes is unreadable');
        const at = numberIn(row, 'heard_ms');
        return { group: textIn(row, 'group_name'), heardMs: at, ...unpackOutcomes(packed, at) };
      });
      const last = rows.at(-1);
      return {
        batches,
        next:
          last === undefined || rows.length < limit
            ? null
            : { heardMs: numberIn(last, 'heard_ms'), seq: numberIn(last, 'seq') },
      };
    },
    bring: async (n, heard) => {
      bring.run(n + 1, heard.group, heard.heardMs, packOutcomes(heard));
    },
    dropBefore: async (timeMs) => Number(drop.run(timeMs).changes) === dropRows,
  };
}
