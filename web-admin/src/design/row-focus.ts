import { computed, type Signal, signal } from '@angular/core';
import type { RowWindow } from './recycled-rows.ts';

/**
 * Which row of a long list Tab goes to: one alone, so that Tab leaves the list at the next press however many rows it
 * has, and the arrow keys go from row to row.
 */
export class RowFocus {
  readonly #current = signal(0);
  /** The place of that row: the one that was focused last, while it exists, else the first in sight. */
  readonly place: Signal<number>;

  constructor(window: Signal<RowWindow>, inSight: Signal<{ readonly start: number }>) {
    this.place = computed(() => {
      const [{ start, size }, current] = [window(), this.#current()];
      return current >= start && current < start + size ? current : inSight().start;
    });
  }

  focused(place: number): void {
    this.#current.set(place);
  }
}

/** Where a key leads from a place in a list of so many; undefined for keys that lead nowhere. */
export function placeAfter(key: string, place: number, count: number): number | undefined {
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return undefined;
  return Math.min(Math.max(place + (key === 'ArrowDown' ? 1 : -1), 0), count - 1);
}

/** How far a list has to be scrolled for all of a row to be in sight, px. */
export function scrolledTo(
  place: number,
  { top, height, rowPx }: { readonly top: number; readonly height: number; readonly rowPx: number },
): number {
  return Math.min(Math.max(top, (place + 1) * rowPx - height), place * rowPx);
}

/** Focuses in one row the control that stands where the focused one stands in another. */
export function focusAlike(from: HTMLElement | undefined, to: HTMLElement | undefined): void {
  const controls = (row: HTMLElement | undefined): HTMLElement[] =>
    Array.from(row?.querySelectorAll<HTMLElement>('input, button') ?? []);
  const which = controls(from).findIndex((each) => each === document.activeElement);
  controls(to)[which]?.focus({ preventScroll: true });
}
