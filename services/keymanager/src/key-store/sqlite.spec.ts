import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyStateChanged } from '@keymux/contracts';
import { createSqliteEventStore } from '@keymux/event-store';
import { openMigrated } from '../roster/sqlite/memory-roster.fixture.ts';
import { keyStoreConformance } from './conformance/conformance.ts';
import { testClock, testVault } from './conformance/tested.ts';
import { createSqliteKeyStore } from './sqlite.ts';

keyStoreConformance('the SQLite key store', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'keymux-keys-'));
  const db = openMigrated();
  const [vault, clock] = [testVault(), testClock()];
  const events = createSqliteEventStore(db);
  const store = createSqliteKeyStore({ db, events, vault, clock, dataDir });
  const told: KeyStateChanged[] = [];
  store.roster.ledger.tell(async (messages) => void told.push(...messages));
  await store.start();
  return {
    store,
    vault,
    clock,
    told,
    spoil: async ({ unreadable, disabled, ahead, lost, stray }) => {
      db.prepare("UPDATE keys SET condition = '{' WHERE id = ?").run(unreadable);
      db.prepare("UPDATE keys SET status = 'disabled' WHERE id = ?").run(disabled);
      db.prepare("UPDATE keys SET note = 'no', version = 99 WHERE id = ?").run(ahead);
      db.prepare('UPDATE keys SET id = ? WHERE id = ?').run(stray, lost);
    },
    spoilVerdict: async ({ lost, stray }) => {
      db.prepare('UPDATE verdicts SET position = ? WHERE position = ?').run(stray, lost);
    },
    close: async () => {
      await store.stop();
      db.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
});
