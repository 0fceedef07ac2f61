import { computed, type Signal, signal, untracked, type WritableSignal } from '@angular/core';
import type { Key } from '../api/generated.ts';
import { placeOf, type RowWindow } from '../design/recycled-rows.ts';

/** A row on the page, and the key that it shows now. */
export interface KeyRow {
  readonly number: number;
  readonly place: WritableSignal<number>;
  readonly key: Signal<Key | undefined>;
  readonly shift: Signal<string>;
  /** Whether Tab goes to it. */
  readonly tab: Signal<0 | -1>;
}

/** The rows of a list, which are used for one key after another. */
export class KeyRows {
  readonly #made: KeyRow[] = [];
  readonly #window: Signal<RowWindow>;
  readonly #make: (number: number) => KeyRow;

  constructor(about: {
    readonly keys: Signal<readonly Key[]>;
    readonly window: Signal<RowWindow>;
    readonly tabbed: Signal<number>;
    readonly rowPx: number;
  }) {
    const { keys, window, tabbed, rowPx } = about;
    this.#window = window;
    this.#make = (number) => {
      const place = signal(untracked(() => placeOf(number, window())));
      const key = computed(() => keys()[place()]);
      // Costs a frame less than a place of the layout's.
      const shift = computed(() => `translateY(${place() * rowPx}px)`);
      const tab = computed(() => (place() === tabbed() ? 0 : -1));
      return { number, place, key, shift, tab };
    };
  }

  /** So many of them. */
  first(size: number): readonly KeyRow[] {
    while (this.#made.length < size) this.#made.push(this.#make(this.#made.length));
    return this.#made.slice(0, size);
  }

  /** Gives rows other keys where it must; the others are not even asked. */
  place(): void {
    const window = this.#window();
    for (const { number, place } of this.#made) {
      if (number < window.size) place.set(placeOf(number, window));
    }
  }

  numbered(number: number): KeyRow | undefined {
    return this.#made[number];
  }

  at(place: number): KeyRow | undefined {
    // Of a list that was longer there are more, which are not on the page.
    return this.#made.slice(0, this.#window().size).find((each) => each.place() === place);
  }
}
