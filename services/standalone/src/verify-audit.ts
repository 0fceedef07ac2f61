import { existsSync } from 'node:fs';
import { verifyAudit } from '@keymux/audit';
import { settings } from '@keymux/contracts';
import { createSqliteEventStore } from '@keymux/event-store';
import { openDatabase, readEnvironment } from '@keymux/service';

function end(code: number, message: string): never {
  (code === 0 ? process.stdout : process.stderr).write(`keymux: ${message}\n`);
  process.exit(code);
}

const read = readEnvironment({ env: process.env, settings, envFile: '.env' });
if (read.kind === 'invalid') end(1, `${read.variable}: ${read.message}`);
const { databasePath } = read.environment;
if (!existsSync(databasePath)) end(1, `there is no database at ${databasePath}`);
// Keymux may be running on it: nothing is written.
const opened = openDatabase(databasePath, { readOnly: true });
if (opened.kind !== 'open') end(1, opened.message);
const verified = await verifyAudit(createSqliteEventStore(opened.db));
opened.db.close();
switch (verified.kind) {
  case 'whole':
    end(
      0,
      `the audit is whole: ${verified.entries} entries, the last one has the hash ${verified.head || '-'}`,
    );
  case 'broken':
    end(1, `the audit is broken at entry ${verified.version} (${verified.id}): ${verified.why}`);
}
