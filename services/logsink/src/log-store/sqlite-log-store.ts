import * as fs from 'node:fs';
import { join } from 'node:path';
import type { LogRow } from '@keymux/contracts';
import { timeOfId } from '@keymux/service';
import { regroup, type Rollup } from '../rollups/rollup.ts';
import type { LogFilter, LogStore, ReceivedRow } from './log-store.ts';
import { SqliteDay } from './sqlite-day.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

export interface SqliteLogStore extends LogStore {
  /** Bytes on disk. */
  sizeBytes(): number;
  close(): void;
}

/** Request logs as a file a day: dropping a day is deleting its file. */
export function createSqliteLogStore(directory: string): SqliteLogStore {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const open = new Map<string, SqliteDay>();

  const day = (name: string): SqliteDay => {
    let found = open.get(name);
    if (found === undefined) {
      found = SqliteDay.open(join(directory, `${name}.db`));
      open.set(name, found);
    }
    return found;
  };
  const days = (): string[] =>
    fs
      .readdirSync(directory)
      .flatMap((name) => /^(\d{4}-\d\d-\d\d)\.db$/.exec(name)?.[1] ?? [])
      .toSorted()
      .toReversed();

  return {
    async write(rows) {
      const byDay = new Map<string, ReceivedRow[]>();
      for (const each of rows) {
        const name = dayOf(each.row);
        const list = byDay.get(name);
        if (list === undefined) byDay.set(name, [each]);
        else list.push(each);
      }
      let written = 0;
      for (const [name, list] of byDay) written += day(name).write(list);
      return written;
    },
    async find(filter: LogFilter, before, limit) {
      const rows: LogRow[] = [];
      for (const name of days()) {
        if (rows.length >= limit) break;
        if (!touches(name, filter, before)) continue;
        rows.push(...day(name).find(filter, before, limit - rows.length));
      }
      return rows;
    },
    async get(requestId) {
      const timeMs = timeOfId(requestId);
      const name = timeMs === undefined ? null : dayName(timeMs);
      return name !== null && days().includes(name) ? day(name).get(requestId) : null;
    },
    async rollups(fromMs, toMs) {
      const found: Rollup[] = [];
      for (const name of days()) {
        const startMs = Date.parse(name);
        if (startMs < toMs && startMs + dayMs > fromMs)
          found.push(...day(name).rollups(fromMs, toMs));
      }
      if (fs.existsSync(join(directory, 'rollups.db'))) {
        found.push(...day('rollups').rollups(fromMs, toMs));
      }
      return found;
    },
    async dropBefore(timeMs) {
      const dropped: string[] = [];
      for (const name of days()) {
        if (Date.parse(name) + dayMs > timeMs) continue;
        const kept = regroup(day(name).rollups(0, Number.MAX_SAFE_INTEGER), hourMs);
        day('rollups').keepRollups(kept);
        day(name).close();
        open.delete(name);
        for (const suffix of ['', '-wal', '-shm']) {
          fs.rmSync(join(directory, `${name}.db${suffix}`), { force: true });
        }
        dropped.push(name);
      }
      return dropped;
    },
    sizeBytes: () =>
      fs
        .readdirSync(directory)
        .reduce(
          (sum, name) =>
            sum + (fs.statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0),
          0,
        ),
    close() {
      for (const each of open.values()) each.close();
      open.clear();
    },
  };
}

function dayOf(row: LogRow): string {
  return dayName(timeOfId(row.request_id) ?? Date.parse(row.time));
}

function dayName(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function touches(name: string, filter: LogFilter, before: string | null): boolean {
  const startMs = Date.parse(name);
  const beforeMs = before === null ? undefined : timeOfId(before);
  return (
    (filter.fromMs === undefined || startMs + dayMs > filter.fromMs) &&
    (filter.toMs === undefined || startMs < filter.toMs) &&
    (beforeMs === undefined || startMs <= beforeMs)
  );
}
