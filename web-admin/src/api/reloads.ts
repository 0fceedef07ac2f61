/** When something is loaded: one load at a time, calmly, and once more for what happened meanwhile. */
export interface Reloads {
  /** Loads at once; what is under way is dropped. */
  now(): void;
  /** Something may have changed: a load that begins after this call will run, and what is under way may end. */
  soon(): void;
  /** Drops what is under way and what was to come. */
  stop(): void;
}

/** Makes reloads of `run`, which never rejects; of those that nobody waits for, one each `calmMs` at most. */
export function createReloads(run: (abort: AbortSignal) => Promise<void>, calmMs: number): Reloads {
  let current: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let missed = false;
  let lastMs = Number.NEGATIVE_INFINITY;

  function stop(): void {
    clearTimeout(timer);
    timer = undefined;
    missed = false;
    current?.abort();
    current = undefined;
  }

  async function now(): Promise<void> {
    stop();
    const mine = new AbortController();
    current = mine;
    lastMs = Date.now();
    await run(mine.signal);
    if (current !== mine) return;
    current = undefined;
    if (missed) soon();
  }

  function soon(): void {
    if (current !== undefined) missed = true;
    else timer ??= setTimeout(() => void now(), Math.max(0, lastMs + calmMs - Date.now()));
  }

  return { now: () => void now(), soon, stop };
}
