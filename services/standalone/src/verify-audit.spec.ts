import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAudit } from '@keymux/audit';
import {
  createMongoEventStore,
  createSqliteEventStore,
  eventStoreMigrations,
} from '@keymux/event-store';
import { openMongo } from '@keymux/mongodb';
import { startMongoDb } from '@keymux/parts/mongodb';
import { createLogger, migrate, newId, openDatabase, systemClock } from '@keymux/service';
import { afterEach, beforeEach, expect, it } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keymux-verify-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const command = fileURLToPath(new URL('./verify-audit.ts', import.meta.url));

function run(
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [command], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', DATA_DIR: folder, ...env },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (text += String(chunk)));
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })));
}

it('says that there is nothing to verify, that the chain is whole, and where it is broken', async () => {
  expect(await run()).toMatchObject({ code: 1, text: expect.stringContaining('no database') });
  const opened = openDatabase(join(folder, 'keymux.db'));
  if (opened.kind !== 'open') throw new Error(opened.message);
  const { db } = opened;
  migrate(db, eventStoreMigrations);
  const audit = createAudit({ store: createSqliteEventStore(db), clock: systemClock });
  for (const actor of ['a', 'b', 'c']) await audit.record({ type: 'LoggedIn', actor, data: {} });
  // Another process has the database open, as a running Keymux would.
  expect(await run()).toEqual({
    code: 0,
    text: expect.stringMatching(/whole: 3 entries, the last one has the hash [0-9a-f]{64}/),
  });
  db.exec("UPDATE events SET actor = 'x' WHERE version = 2");
  db.close();
  expect(await run()).toEqual({
    code: 1,
    text: expect.stringMatching(/broken at entry 2 \([^)]+\): it was changed/),
  });
}, 60_000);

it('follows the chain in MongoDB too, and names the first entry that was changed or removed', async () => {
  const { part } = await startMongoDb();
  const log = createLogger({ service: 'test', level: 'silent', format: 'json' });
  const mongo = await openMongo({ url: part.url, log });
  const db = mongo.db.client.db(`keymux-test-${newId()}`);
  const env = { MONGODB_URL: part.url.replace(/\/[^/]*$/, `/${db.databaseName}`) };
  try {
    const store = createMongoEventStore(db);
    await store.log.prepare();
    const audit = createAudit({ store, clock: systemClock });
    for (const actor of ['a', 'b', 'c', 'd']) {
      await audit.record({ type: 'LoggedIn', actor, data: {} });
    }
    expect(await run(env)).toEqual({
      code: 0,
      text: expect.stringMatching(/whole: 4 entries, the last one has the hash [0-9a-f]{64}/),
    });
    const { commits } = store.log;
    await commits.deleteOne({ claims: 'v audit 3' });
    expect(await run(env)).toEqual({
      code: 1,
      text: expect.stringMatching(/broken at entry 4 \([^)]+\): entry 3 is missing/),
    });
    await commits.updateOne({ claims: 'v audit 2' }, { $set: { 'events.0.actor': 'x' } });
    expect(await run(env)).toEqual({
      code: 1,
      text: expect.stringMatching(/broken at entry 2 \([^)]+\): it was changed/),
    });
    const wrong = await run({ MONGODB_URL: 'mongodb://' });
    expect(wrong).toMatchObject({ code: 1, text: expect.stringContaining('MONGODB_URL') });
  } finally {
    await db.dropDatabase();
    await mongo.close();
    await part.stop();
  }
}, 120_000);
