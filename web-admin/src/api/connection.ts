import { computed, Injectable, signal } from '@angular/core';

export type Session = 'unknown' | 'open' | 'closed';

const retryMs = 1_500;

/** Whether the server is there, and whether it knows us. */
@Injectable({ providedIn: 'root' })
export class Connection {
  readonly #away = signal(false);
  readonly #session = signal<Session>('unknown');
  readonly #returns = signal(0);
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly away = this.#away.asReadonly();
  readonly session = this.#session.asReadonly();
  /** Grows each time the server came back: what is shown may be old then. */
  readonly returns = this.#returns.asReadonly();
  readonly signedIn = computed(() => this.#session() === 'open');

  /** Something was answered. */
  heard(): void {
    if (!this.#away()) return;
    clearTimeout(this.#timer);
    this.#away.set(false);
    this.#returns.update((times) => times + 1);
  }

  /** Nothing was answered: asks again until something is. */
  lost(): void {
    if (this.#away()) return;
    this.#away.set(true);
    this.#askAgain();
  }

  signedInNow(): void {
    this.#session.set('open');
  }

  signedOut(): void {
    this.#session.set('closed');
  }

  #askAgain(): void {
    this.#timer = setTimeout(() => {
      fetch('/healthz', { cache: 'no-store' }).then(
        (answer) => (answer.ok ? this.heard() : this.#askAgain()),
        () => this.#askAgain(),
      );
    }, retryMs);
  }
}
