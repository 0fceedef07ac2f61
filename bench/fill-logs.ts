import type { createLogStore } from '@keymux/logsink';
import { logBatch } from './log-rows.ts';

const batch = 1_000;

/** Writes so many rows of a range of time into a store, as fast as it takes them; answers with the seconds that took. */
export async function fillLogs(
  store: ReturnType<typeof createLogStore>,
  {
    rows,
    startMs,
    endMs,
  }: { readonly rows: number; readonly startMs: number; readonly endMs: number },
): Promise<number> {
  const beganMs = performance.now();
  const running = new Set<Promise<unknown>>();
  for (let at = 0; at < rows; at += batch) {
    const written = store
      .write(logBatch({ at, count: batch, rows, startMs, endMs }))
      .finally(() => running.delete(written));
    running.add(written);
    if (running.size >= 4) await Promise.race(running);
  }
  await Promise.all(running);
  return (performance.now() - beganMs) / 1_000;
}
