import type { DatabaseSync } from 'node:sqlite';
import type { StoredEvent, StreamAppend } from '@keymux/event-store';
import { inTransaction } from '@keymux/service';
import { keyOfStream } from '../../key/stored-fact.ts';
import { verdictKind } from '../../key/verdict.ts';
import type { ListedVerdict, Verdicts } from '../verdicts.ts';
import { numberIn, textIn } from './columns.ts';

/** Verdicts as a transaction and a rebuild need them. */
export interface VerdictRows extends Verdicts {
  /** Notes those among events that are about to end at a position, with the group of each stream. */
  noteNow(
    appended: readonly (Pick<StreamAppend, 'events'> & { readonly group: string })[],
    lastPosition: number,
  ): void;
  /** Notes anew those among all events after one position up to another. */
  renew(afterPosition: number, page: readonly StoredEvent[]): void;
}

// The first event of a key says which group it is of and how it is masked.
const born = `JOIN events AS born ON born.stream = events.stream AND born.version = 1`;

/** Verdicts in SQLite: where they are among the events, by group and kind. */
export function createVerdictRows(db: DatabaseSync): VerdictRows {
  const insert = db.prepare(
    'INSERT OR REPLACE INTO verdicts (position, group_name, kind) VALUES (?, ?, ?)',
  );
  const forget = db.prepare('DELETE FROM verdicts WHERE position > ? AND position <= ?');
  const groupOf = db.prepare(
    `SELECT data ->> 'group' AS name FROM events WHERE stream = ? AND version = 1`,
  );
  const page = (condition: string) =>
    db.prepare(
      `SELECT verdicts.position, group_name, events.stream, events.id, events.type, events.time,
         events.data, born.data ->> 'masked' AS masked
       FROM verdicts JOIN events ON events.position = verdicts.position ${born}
       WHERE verdicts.position < ? ${condition} ORDER BY verdicts.position DESC LIMIT ?`,
    );
  const [all, ofGroup] = [page(''), page('AND group_name = ?')];
  const [ofKind, ofBoth] = [page('AND kind = ?'), page('AND group_name = ? AND kind = ?')];

  return {
    page: async ({ group, kind, before, limit }) => {
      const end = before ?? Number.MAX_SAFE_INTEGER;
      const both = [group, kind].filter((each) => each !== undefined);
      if (both.length === 2) return ofBoth.all(end, ...both, limit).map(toVerdict);
      const one = group === undefined ? ofKind : ofGroup;
      return (both.length === 0 ? all : one).all(end, ...both, limit).map(toVerdict);
    },
    noteNow: (appended, lastPosition) => {
      const all = appended.flatMap(({ group, events }) =>
        events.map((event) => ({ group, event })),
      );
      for (const [at, { group, event }] of all.entries()) {
        const kind = verdictKind(event);
        if (kind !== undefined) insert.run(lastPosition - all.length + 1 + at, group, kind);
      }
    },
    renew: (afterPosition, events) => {
      inTransaction(db, () => {
        forget.run(afterPosition, events.at(-1)?.position ?? afterPosition);
        for (const event of events) {
          const kind = verdictKind(event);
          if (kind === undefined || keyOfStream(event.stream) === undefined) continue;
          const row = groupOf.get(event.stream);
          if (row !== undefined) insert.run(event.position, textIn(row, 'name'), kind);
        }
      });
    },
  };
}

function toVerdict(row: Record<string, unknown>): ListedVerdict {
  return {
    group: textIn(row, 'group_name'),
    keyId: keyOfStream(textIn(row, 'stream')) ?? '',
    masked: textIn(row, 'masked'),
    event: {
      id: textIn(row, 'id'),
      position: numberIn(row, 'position'),
      type: textIn(row, 'type'),
      time: textIn(row, 'time'),
      data: { ...Object(JSON.parse(textIn(row, 'data'))) },
    },
  };
}
