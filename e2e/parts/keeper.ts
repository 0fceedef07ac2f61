import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Ends processes should the one that started them die without ending them. */
export interface Keeper {
  watch(pid: number): void;
  /** It has ended. */
  forget(pid: number): void;
  /** Ends what is still watched. */
  close(): Promise<void>;
}

const program = fileURLToPath(new URL('./keeper-process.ts', import.meta.url));

/** Starts a keeper: a process of its own, which notices by a pipe that this one is gone. */
export function startKeeper(): Keeper {
  const child: ChildProcess = spawn(process.execPath, [program], {
    // A group of its own, which nothing that ends this one reaches.
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // It ends when this process does, and not before.
  child.unref();
  child.stdin?.on('error', () => undefined);
  const tell = (word: string, pid: number): void => {
    child.stdin?.write(`${word} ${pid}\n`);
  };
  return {
    watch: (pid) => tell('watch', pid),
    forget: (pid) => tell('forget', pid),
    async close() {
      child.ref();
      child.stdin?.end();
      await ended;
    },
  };
}
