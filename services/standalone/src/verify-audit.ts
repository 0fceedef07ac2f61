import { existsSync } from 'node:fs';
import { verifyAudit } from '@keymux/audit';
import {
  createMongoEventStore,
  createSqliteEventStore,
  type EventStore,
} from '@keymux/event-store';
import { createMongo } from '@keymux/mongodb';
import { createLogger, type Environment, openDatabase, StartProblem } from '@keymux/service';
import { commandEnvironment, endCommand } from './command.ts';

interface Opened {
  readonly store: Pick<EventStore, 'read'>;
  close(): Promise<void>;
}

// Keymux may be running on it: nothing is written.
function openFile(path: string): Opened {
  if (!existsSync(path)) endCommand(1, `there is no database at ${path}`);
  const opened = openDatabase(path, { readOnly: true });
  if (opened.kind !== 'open') endCommand(1, opened.message);
  const { db } = opened;
  return { store: createSqliteEventStore(db), close: async () => db.close() };
}

async function openServer(url: string, { logFormat }: Environment): Promise<Opened> {
  const log = createLogger({ service: 'keymux', level: 'warn', format: logFormat });
  const { db, service } = createMongo({ url, log });
  await service.start();
  return { store: createMongoEventStore(db), close: () => service.stop() };
}

const environment = commandEnvironment();
const { mongodbUrl, databasePath } = environment;
try {
  const opened =
    mongodbUrl === undefined ? openFile(databasePath) : await openServer(mongodbUrl, environment);
  const verified = await verifyAudit(opened.store);
  await opened.close();
  switch (verified.kind) {
    case 'whole':
      endCommand(
        0,
        `the audit is whole: ${verified.entries} entries, the last one has the hash ${verified.head || '-'}`,
      );
    case 'broken':
      endCommand(
        1,
        `the audit is broken at entry ${verified.version} (${verified.id}): ${verified.why}`,
      );
  }
} catch (error) {
  if (error instanceof StartProblem) endCommand(1, error.message);
  throw error;
}
