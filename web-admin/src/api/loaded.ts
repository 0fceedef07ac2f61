import {
  computed,
  DestroyRef,
  effect,
  inject,
  type Signal,
  signal,
  untracked,
} from '@angular/core';
import { Connection } from './connection.ts';
import { createReloads } from './reloads.ts';

/** Something of the server that a page shows: what is known of it, and whether it is being asked for. */
export interface Loaded<T> {
  /** The newest that is known; stays when a later load fails. */
  readonly value: Signal<T | undefined>;
  readonly error: Signal<unknown>;
  readonly busy: Signal<boolean>;
  /** What is known is what other parameters had asked for. */
  readonly stale: Signal<boolean>;
  reload(): void;
  /** Puts in what an answer to a change said. */
  set(value: T): void;
}

/** Shortest time between two loads that were not asked for by a person. */
const calmMs = 1_000;
/** A load that takes longer hangs on a connection that is none any more. */
const mostMs = 60_000;

/**
 * Loads what the parameters ask for, again when they change, when the server comes back, when the live events begin
 * (what was told before nobody heard), when a hint changes, and every so often while somebody looks. Undefined
 * parameters load nothing.
 */
export function loaded<P, T>(options: {
  readonly params: () => P | undefined;
  readonly load: (params: P, abort: AbortSignal) => Promise<T>;
  /** Read for their changes only. */
  readonly hints?: readonly (() => unknown)[];
  readonly everyMs?: number;
  /** Keeps what is shown until the new is there: for another look at the same thing, or where this says that it is. */
  readonly keep?: true | ((before: P, now: P) => boolean);
}): Loaded<T> {
  const { params, load, hints = [], everyMs, keep } = options;
  const connection = inject(Connection);
  const value = signal<T | undefined>(undefined);
  const error = signal<unknown>(undefined);
  const busy = signal(false);
  /** How often the parameters had changed: by now, and when what is known was asked for. */
  const turn = signal(0);
  const known = signal(0);
  const stale = computed(() => value() !== undefined && known() !== turn());

  async function run(abort: AbortSignal): Promise<void> {
    const asked = untracked(params);
    if (asked === undefined) return;
    const mine = untracked(turn);
    busy.set(true);
    try {
      const answer = await load(asked, AbortSignal.any([abort, AbortSignal.timeout(mostMs)]));
      if (abort.aborted) return;
      value.set(answer);
      known.set(mine);
      error.set(undefined);
    } catch (failure) {
      if (!abort.aborted) error.set(failure);
    } finally {
      if (!abort.aborted) busy.set(false);
    }
  }
  const reloads = createReloads(run, calmMs);

  let before: P | undefined;
  function isKept(now: P | undefined): boolean {
    if (typeof keep !== 'function') return keep === true;
    return before !== undefined && now !== undefined && keep(before, now);
  }

  effect(() => {
    const asked = params();
    untracked(() => {
      if (!isKept(asked)) value.set(undefined);
      before = asked;
      turn.update((count) => count + 1);
      error.set(undefined);
      reloads.stop();
      busy.set(false);
      if (asked !== undefined) reloads.now();
    });
  });
  onChange([connection.returns, connection.follows, ...hints], reloads.soon);
  const timer =
    everyMs === undefined
      ? undefined
      : setInterval(() => {
          const heard = !connection.away() && connection.session() !== 'closed';
          if (document.visibilityState === 'visible' && heard && !busy()) reloads.now();
        }, everyMs);
  inject(DestroyRef).onDestroy(() => {
    reloads.stop();
    clearInterval(timer);
  });
  return { value, error, busy, stale, reload: reloads.now, set: (fresh) => value.set(fresh) };
}

/** Calls back whenever one of the signals changed, not for what they are now. */
function onChange(signals: readonly (() => unknown)[], changed: () => void): void {
  let first = true;
  effect(() => {
    for (const each of signals) each();
    if (!first) untracked(changed);
    first = false;
  });
}
