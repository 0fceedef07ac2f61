import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import {
  HouseProblem,
  type KeyStore,
  openKeyStore,
  packHouse,
  unpackHouse,
} from '@keymux/keymanager';
import { createLogger, StartProblem, systemClock as clock } from '@keymux/service';
import { createVault, type Vault } from '@keymux/vault';
import { commandEnvironment } from './command.ts';
import { existingEncryptionKey } from './secrets.ts';

const usage = 'usage: npm run pack-house -- FILE, or npm run unpack-house -- FILE';

/**
 * Moves everything that config and keymanager keep into a file, or from it into an empty database:
 * the one that the environment names, SQLite or MongoDB. Keymux must not run meanwhile.
 */
async function moveHouse(what: string | undefined, file: string | undefined): Promise<string> {
  if ((what !== 'pack' && what !== 'unpack') || file === undefined) throw new HouseProblem(usage);
  const environment = commandEnvironment();
  await mkdir(environment.dataDir, { recursive: true, mode: 0o700 });
  const key = existingEncryptionKey(environment);
  if (key.kind === 'invalid') throw new HouseProblem(key.message);
  const vault = createVault(key.secret);
  const log = createLogger({ service: 'keymux', level: 'warn', format: environment.logFormat });
  const { keyStore: store, part } = openKeyStore({ environment, vault, clock, log });
  await part.start();
  await store.start();
  try {
    const moved =
      what === 'pack' ? await pack(store, vault, file) : await unpack(store, vault, file);
    const { events, pools, keys, outcomes = 0, roster } = moved;
    return `${what}ed ${events} events, ${pools} pools, ${keys} keys, ${outcomes} batches of outcomes (${roster.slice(0, 16)})`;
  } finally {
    await store.stop();
    await part.stop();
  }
}

async function pack(store: KeyStore, vault: Vault, path: string) {
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600);
  try {
    let text = '';
    const end = await packHouse(store, {
      vault,
      write: async (line) => {
        text += line;
        if (text.length < 1024 * 1024) return;
        await file.appendFile(text);
        text = '';
      },
    });
    await file.appendFile(text);
    await file.sync();
    await rename(part, path);
    return end;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

const unpack = (store: KeyStore, vault: Vault, path: string) =>
  unpackHouse(store, {
    vault,
    lines: () =>
      createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY }),
  });

function describe(error: unknown): string {
  if (error instanceof HouseProblem || error instanceof StartProblem) return error.message;
  // A file that is missing or cannot be written, a disk that is full: the system says it in a line.
  if (error instanceof Error && 'syscall' in error) return error.message;
  throw error;
}

try {
  const [what, file] = process.argv.slice(2);
  process.stdout.write(`${await moveHouse(what, file)}\n`);
} catch (error) {
  process.stderr.write(`keymux: ${describe(error)}\n`);
  process.exitCode = 1;
}
