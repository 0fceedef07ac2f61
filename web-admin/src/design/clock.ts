import { Injectable, type OnDestroy, signal } from '@angular/core';

/** The time that relative times are told by; moves every ten seconds. */
@Injectable({ providedIn: 'root' })
export class WallClock implements OnDestroy {
  readonly #nowMs = signal(Date.now());
  readonly #timer = setInterval(() => this.#nowMs.set(Date.now()), 10_000);
  readonly nowMs = this.#nowMs.asReadonly();

  ngOnDestroy(): void {
    clearInterval(this.#timer);
  }
}
