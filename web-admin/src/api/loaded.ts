import { DestroyRef, effect, inject, type Signal, signal, untracked } from '@angular/core';
import { Connection } from './connection.ts';

/** Something of the server that a page shows: what is known of it, and whether it is being asked for. */
export interface Loaded<T> {
  /** The newest that is known; stays when a later load fails. */
  readonly value: Signal<T | undefined>;
  readonly error: Signal<unknown>;
  readonly busy: Signal<boolean>;
  reload(): void;
  /** Puts in what an answer to a change said. */
  set(value: T): void;
}

/** Shortest time between two loads that were not asked for by a person. */
const calmMs = 1_000;

/**
 * Loads what the parameters ask for, again when they change, when the server comes back, when a hint changes, and
 * every so often while somebody looks. Undefined parameters load nothing.
 */
export function loaded<P, T>(options: {
  readonly params: () => P | undefined;
  readonly load: (params: P, abort: AbortSignal) => Promise<T>;
  /** Read for their changes only. */
  readonly hints?: readonly (() => unknown)[];
  readonly everyMs?: number;
  /** Keeps what is shown until the new is there: for another look at the same thing. */
  readonly keep?: true;
}): Loaded<T> {
  const { params, load, hints = [], everyMs, keep } = options;
  const connection = inject(Connection);
  const value = signal<T | undefined>(undefined);
  const error = signal<unknown>(undefined);
  const busy = signal(false);
  let abort: AbortController | undefined;
  let soon: ReturnType<typeof setTimeout> | undefined;
  let lastMs = 0;

  async function run(asked: P): Promise<void> {
    abort?.abort();
    const mine = new AbortController();
    abort = mine;
    lastMs = Date.now();
    busy.set(true);
    try {
      const answer = await load(asked, mine.signal);
      if (mine.signal.aborted) return;
      value.set(answer);
      error.set(undefined);
    } catch (failure) {
      if (!mine.signal.aborted) error.set(failure);
    } finally {
      if (abort === mine) busy.set(false);
    }
  }

  function reload(): void {
    const asked = untracked(params);
    if (asked !== undefined) void run(asked);
  }

  function reloadSoon(): void {
    if (soon !== undefined) return;
    soon = setTimeout(
      () => {
        soon = undefined;
        reload();
      },
      Math.max(0, lastMs + calmMs - Date.now()),
    );
  }

  effect(() => {
    const asked = params();
    untracked(() => {
      if (keep === undefined) value.set(undefined);
      error.set(undefined);
      if (asked !== undefined) void run(asked);
    });
  });
  let first = true;
  effect(() => {
    connection.returns();
    for (const hint of hints) hint();
    if (!first) untracked(reloadSoon);
    first = false;
  });
  const timer =
    everyMs === undefined
      ? undefined
      : setInterval(() => {
          if (document.visibilityState === 'visible' && !connection.away() && !busy()) reload();
        }, everyMs);
  inject(DestroyRef).onDestroy(() => {
    abort?.abort();
    clearTimeout(soon);
    clearInterval(timer);
  });
  return { value, error, busy, reload, set: (fresh) => value.set(fresh) };
}
