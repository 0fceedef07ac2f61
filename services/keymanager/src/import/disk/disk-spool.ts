import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Spool, SpooledKey, SpooledPage, SpoolWriter } from '../spool.ts';

const bufferBytes = 256 * 1024;
/** More than a line can be: a sealed key of 1,000 characters, two fingerprints and a mask. */
const longestLineBytes = 4 * 1024;

// Masks of keys hold no white space, for keys hold none.
const lineOf = (key: SpooledKey): string =>
  `${key.sealed} ${key.fingerprint} ${key.masked} ${key.previousFingerprint ?? ''}\n`;

function readLine(line: string): SpooledKey {
  const [sealed, fingerprint, masked, previous] = line.split(' ');
  if (sealed === undefined || fingerprint === undefined || masked === undefined) {
    throw new Error('a line of an import is unreadable');
  }
  const key = { sealed, fingerprint, masked };
  return previous === undefined || previous === ''
    ? key
    : { ...key, previousFingerprint: previous };
}

/** A spool of files in `directory`, which is made when it is first needed. */
export function createDiskSpool(directory: string): Spool {
  const pathOf = (taskId: string): string => join(directory, `${taskId}.keys`);
  return {
    create: async (taskId) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const part = join(directory, `${taskId}.part`);
      const file = await open(part, 'wx', 0o600);
      return createWriter(file, part, pathOf(taskId));
    },
    read: async (taskId, from, limit) => {
      const file = await open(pathOf(taskId), 'r').catch((error: unknown) => {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'ENOENT') return undefined;
        throw error;
      });
      if (file === undefined) return undefined;
      try {
        return await readKeys(file, from, limit);
      } finally {
        await file.close();
      }
    },
    remove: (taskId) => rm(pathOf(taskId), { force: true }),
    sweep: async (taskIds) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      for (const name of await readdir(directory)) {
        const known = name.endsWith('.keys') && taskIds.has(name.slice(0, -'.keys'.length));
        if (!known) await rm(join(directory, name), { force: true });
      }
    },
  };
}

function createWriter(file: FileHandle, part: string, path: string): SpoolWriter {
  let lines: string[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const text = lines.join('');
    lines = [];
    bytes = 0;
    await file.appendFile(text);
  };
  return {
    add: async (key) => {
      const line = lineOf(key);
      lines.push(line);
      bytes += line.length;
      if (bytes >= bufferBytes) await flush();
    },
    commit: async () => {
      await flush();
      await file.sync();
      await file.close();
      await rename(part, path);
    },
    discard: async () => {
      await file.close();
      await rm(part, { force: true });
    },
  };
}

async function readKeys(file: FileHandle, from: number, limit: number): Promise<SpooledPage> {
  const keys: SpooledKey[] = [];
  let at = from;
  while (keys.length < limit) {
    const size = Math.min(limit - keys.length, 64) * longestLineBytes;
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0, size, at);
    if (bytesRead === 0) return { keys, next: null };
    let start = 0;
    for (;;) {
      const end = buffer.subarray(0, bytesRead).indexOf('\n', start);
      if (end === -1 || keys.length === limit) break;
      keys.push(readLine(buffer.toString('utf8', start, end)));
      start = end + 1;
    }
    if (start === 0) throw new Error('the keys of an import end in the middle of a line');
    at += start;
  }
  return { keys, next: at };
}
