import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** A file that log lines are appended to; see {@link openRotatingFile}. */
export interface RotatingFile {
  write(line: string): void;
  close(): void;
}

interface OpenFile {
  descriptor: number;
  inode: number;
}

/**
 * Appends to the file at `path`; when it would grow beyond `maxBytes` it becomes `path.1`, that becomes `path.2` and so
 * on, and no more than `keep` old files stay. Several processes may write to the same path: each line looks at the path
 * again, so all follow a rotation that one of them made. Throws what the disk throws when it cannot be opened.
 */
export function openRotatingFile(options: {
  path: string;
  maxBytes?: number;
  keep?: number;
}): RotatingFile {
  const { path, maxBytes = 10 * 1024 * 1024, keep = 5 } = options;
  mkdirSync(dirname(path), { recursive: true });
  let current = open();

  function open(): OpenFile {
    const descriptor = openSync(path, 'a', 0o600);
    return { descriptor, inode: statSync(path).ino };
  }

  function reopen(): void {
    // Opened first: a write after a failed opening must not reach a descriptor that is somebody else's by now.
    const next = open();
    closeSync(current.descriptor);
    current = next;
  }

  function rotate(): void {
    rmSync(`${path}.${keep}`, { force: true });
    for (let index = keep - 1; index >= 1; index -= 1) {
      if (existsSync(`${path}.${index}`)) renameSync(`${path}.${index}`, `${path}.${index + 1}`);
    }
    renameSync(path, `${path}.1`);
  }

  return {
    write(line) {
      const seen = statSync(path, { throwIfNoEntry: false });
      if (seen === undefined || seen.ino !== current.inode) {
        reopen();
      } else if (seen.size > 0 && seen.size + Buffer.byteLength(line) > maxBytes) {
        rotate();
        reopen();
      }
      writeSync(current.descriptor, line);
    },
    close() {
      closeSync(current.descriptor);
    },
  };
}
