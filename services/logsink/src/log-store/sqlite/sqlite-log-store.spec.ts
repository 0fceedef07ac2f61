import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { logStoreConformance } from '../conformance.ts';
import { dayMs } from '../place.ts';
import { idOf, rowAt, textOf } from '../row.fixture.ts';
import { SqliteLogStore } from './sqlite-log-store.ts';

logStoreConformance('the SQLite log store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keymux-logs-'));
  const store = new SqliteLogStore({ directory: join(folder, 'logs') });
  await store.open();
  return {
    store,
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

const day1 = Date.parse('2026-03-01');
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keymux-logs-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('keeps everything over a restart, and goes on without counting twice', async () => {
  const rows = [rowAt(day1), rowAt(day1 + dayMs, { status: 500, at_fault: 'upstream' })];
  const first = new SqliteLogStore({ directory });
  await first.write(textOf(rows));
  await first.close();
  const second = new SqliteLogStore({ directory });
  expect(await second.write(textOf(rows))).toMatchObject({ written: 0, duplicates: 2 });
  const errors = { filter: { outcome: 'error' as const }, before: null, limit: 5 };
  expect((await second.find(errors)).rows).toEqual(rows.slice(1));
  await second.close();
});

it('keeps nothing of a batch of which a day cannot be written, and all of it when it comes again', async () => {
  const store = new SqliteLogStore({ directory });
  const known = rowAt(day1 + 1_000);
  await store.write(textOf([known]));
  const rows = [rowAt(day1, { status: 500, model: 'new' }), rowAt(day1 + dayMs), known];
  const spoiled = join(directory, '2026-03-02.db');
  writeFileSync(spoiled, 'no database, but some other file that is long enough to be looked at');
  await expect(store.write(textOf(rows))).rejects.toThrow(/not a SQLite database/);
  rmSync(spoiled);
  const all = { filter: {}, before: null, limit: 5 };
  expect((await store.find(all)).rows).toEqual([known]);
  expect(await store.write(textOf(rows))).toMatchObject({ written: 2, duplicates: 1 });
  expect(await store.find({ ...all, filter: { model: 'new' } })).toMatchObject({
    rows: rows.slice(0, 1),
  });
  await store.close();
});

it('keeps a batch of rows of more days than it has files open', async () => {
  const rows = Array.from({ length: 60 }, (_, at) => rowAt(day1 + (at % 30) * dayMs + at));
  const store = new SqliteLogStore({ directory });
  expect(await store.write(textOf(rows))).toMatchObject({ written: 60 });
  const page = await store.find({ filter: {}, before: null, limit: 100 });
  expect(page.rows).toHaveLength(60);
  await store.close();
});

it('reads a day that an earlier version wrote, and goes on in it', async () => {
  const rows = [rowAt(day1), rowAt(day1 + 1_000)];
  const earlier = new SqliteLogStore({ directory });
  await earlier.write(textOf(rows.slice(0, 1)));
  await earlier.close();
  const file = new DatabaseSync(join(directory, '2026-03-01.db'));
  file.exec(`INSERT INTO attempts SELECT * FROM new_attempts; DROP TABLE new_attempts;
    UPDATE schema_versions SET version = 1 WHERE component = 'request-logs'`);
  file.close();
  const store = new SqliteLogStore({ directory });
  await store.write(textOf(rows));
  const keyId = rows[0]?.attempts[0]?.key_id ?? '';
  const { rows: found } = await store.find({ filter: { keyId }, before: null, limit: 5 });
  expect(found).toEqual(rows.toReversed());
  await store.close();
});

it('counts a day once when it was killed between keeping its sums and deleting its file', async () => {
  const store = new SqliteLogStore({ directory });
  await store.write(textOf([rowAt(day1)]));
  await store.close();
  const file = join(directory, '2026-03-01.db');
  copyFileSync(file, `${file}.copy`);
  expect(await store.dropBefore(day1 + dayMs)).toEqual(['2026-03-01']);
  await store.close();
  copyFileSync(`${file}.copy`, file);
  expect(await store.dropBefore(day1 + dayMs)).toEqual(['2026-03-01']);
  expect(existsSync(file)).toBe(false);
  const asked = { fromMs: day1, toMs: day1 + dayMs, stepMs: null, by: 'none' } as const;
  expect(await store.sums(asked)).toMatchObject([{ requests: 1 }]);
  await store.close();
});

it('answers a search that takes too long with what it has and where to go on', async () => {
  const rows = Array.from({ length: 2_000 }, (_, at) =>
    rowAt(day1 + at * 60_000, { request_id: idOf(day1 + at * 60_000), path: `/v1/files/${at}` }),
  );
  const store = new SqliteLogStore({ directory, searchMs: 0 });
  await store.write(textOf(rows));
  const found: string[] = [];
  let pages = 0;
  let before: string | null = null;
  do {
    const page = await store.find({ filter: { text: '/files/7' }, before, limit: 50 });
    found.push(...page.rows.map((row) => row.path));
    before = page.next;
    pages += 1;
  } while (before !== null);
  expect(found).toEqual(
    rows
      .map(({ path }) => path)
      .filter((path) => path.startsWith('/v1/files/7'))
      .toReversed(),
  );
  expect(pages).toBeGreaterThan(Math.ceil(found.length / 50));
  await store.close();
});

it('finds a common text among the newest rows, and goes on behind them', async () => {
  const rows = Array.from({ length: 12_000 }, (_, at) =>
    rowAt(day1 + at * 1_000, { request_id: idOf(day1 + at * 1_000), path: `/v1/files/${at}` }),
  );
  const store = new SqliteLogStore({ directory, searchMs: 60_000 });
  await store.write(textOf(rows));
  const found: string[] = [];
  let before: string | null = null;
  do {
    const page = await store.find({ filter: { text: '/files/7' }, before, limit: 400 });
    found.push(...page.rows.map((row) => row.path));
    before = page.next;
  } while (before !== null);
  const fitting = rows.map(({ path }) => path).filter((path) => path.startsWith('/v1/files/7'));
  expect(found).toEqual(fitting.toReversed());
  await store.close();
});

it('says what is wrong with a file that is not its own', async () => {
  const store = new SqliteLogStore({ directory: import.meta.filename });
  await expect(store.open()).rejects.toThrow(/EEXIST|ENOTDIR/);
});
