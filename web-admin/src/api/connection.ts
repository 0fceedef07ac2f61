import { computed, Injectable, signal } from '@angular/core';

export type Session = 'unknown' | 'open' | 'closed';

const retryMs = 1_500;
/** An answer that takes longer is asked for again. */
const patienceMs = 10_000;

/** Whether the server is there, and whether it knows us. */
@Injectable({ providedIn: 'root' })
export class Connection {
  readonly #away = signal(false);
  readonly #session = signal<Session>('unknown');
  readonly #ended = signal(false);
  readonly #returns = signal(0);
  readonly #follows = signal(0);
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly away = this.#away.asReadonly();
  readonly session = this.#session.asReadonly();
  /** Whether the session ended without a word from here: it grew old, or was ended elsewhere. */
  readonly ended = this.#ended.asReadonly();
  /** Grows each time the server came back: what is shown may be old then. */
  readonly returns = this.#returns.asReadonly();
  /** Grows each time the live events begin anew: what changed before was not told, and may not be shown. */
  readonly follows = this.#follows.asReadonly();
  readonly signedIn = computed(() => this.#session() === 'open');

  /** Something was answered. */
  heard(): void {
    if (!this.#away()) return;
    clearTimeout(this.#timer);
    this.#away.set(false);
    this.#returns.update((times) => times + 1);
  }

  /** The live events are told from now on. */
  following(): void {
    this.heard();
    this.#follows.update((times) => times + 1);
  }

  /** Nothing was answered: asks again until something is. */
  lost(): void {
    if (this.#away()) return;
    this.#away.set(true);
    this.#askAgain();
  }

  signedInNow(): void {
    this.#ended.set(false);
    this.#session.set('open');
  }

  /** The server does not know us, or no more. */
  signedOut(): void {
    if (this.#session() === 'open') this.#ended.set(true);
    this.#session.set('closed');
  }

  /** The person here signed out. */
  left(): void {
    this.#ended.set(false);
    this.#session.set('closed');
  }

  #askAgain(): void {
    this.#timer = setTimeout(() => {
      fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(patienceMs) }).then(
        (answer) => (answer.ok ? this.heard() : this.#askAgain()),
        () => this.#askAgain(),
      );
    }, retryMs);
  }
}
