import { Worker } from 'node:worker_threads';
import type { ThreadBoot } from './thread-calls.ts';

/** Starts the thread that keeps the logs of a directory. */
export function startThread(boot: ThreadBoot): Worker {
  const file = new URL('./log-store-thread.ts', import.meta.url);
  return new Worker(file, { workerData: boot, name: 'log-store' });
}
