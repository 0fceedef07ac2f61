import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  effect,
  type ElementRef,
  inject,
  input,
  output,
  signal,
  untracked,
  viewChild,
  viewChildren,
} from '@angular/core';
import { putInOrder } from '../design/reading-order.ts';
import { inSight, rowsInOrder, windowOf } from '../design/recycled-rows.ts';
import { focusAlike, placeAfter, RowFocus, scrolledTo } from '../design/row-focus.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { I18n } from '../i18n/i18n.ts';
import { KeyFeed, type Sort } from './key-feed.ts';
import { KeyReason } from './key-reason.ts';
import { type KeyRow, KeyRows } from './key-rows.ts';
import { KeySelection } from './key-selection.ts';
import { statusNames, statusTones } from './key-status.ts';

const rowPx = 40;
/** Rows beyond each edge of what is in sight. */
const ahead = 12;
/** A list is as high as its keys are, up to what no window has. */
const mostRows = 200;
/** After so long without scrolling the rows are put in the order in which they are read. */
const restMs = 120;

/**
 * Keys, one a row, however many: a few rows are used for one key after another. Each depends on signals of its own, so
 * that a frame touches only the rows whose keys came into sight.
 */
@Component({
  selector: 'km-key-table',
  imports: [KeyReason, TimeAgo],
  templateUrl: './key-table.html',
  styleUrl: './key-table.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: {
    role: 'table',
    '[attr.aria-label]': "i18n.t('keys')",
    '[attr.aria-rowcount]': 'feed.known().total + 1',
    '[attr.aria-busy]': 'feed.stale()',
  },
})
export class KeyTable {
  readonly i18n = inject(I18n);
  readonly feed = inject(KeyFeed);
  readonly selection = inject(KeySelection);
  readonly sort = input.required<Sort>();
  readonly sorted = output<Sort>();
  /** The id of a key that shall be shown. */
  readonly chosen = output<string>();
  readonly statusNames = statusNames;
  readonly tones = statusTones;

  readonly scroller = viewChild.required<ElementRef<HTMLElement>>('scroller');
  readonly elements = viewChildren<ElementRef<HTMLElement>>('row');
  readonly #top = signal(0);
  readonly #height = signal(0);
  /** How much a scrollbar takes: the head is as wide as the rows. */
  readonly barPx = signal(0);
  readonly #keys = computed(() => this.feed.known().keys);
  readonly #sight = computed(() => ({
    top: this.#top(),
    height: this.#height(),
    count: this.#keys().length,
    rowPx,
    ahead,
  }));
  readonly #window = computed(() => windowOf(this.#sight()), {
    equal: (a, b) => a.start === b.start && a.size === b.size,
  });
  readonly #inSight = computed(() => inSight(this.#sight()), {
    equal: (a, b) => a.start === b.start && a.end === b.end,
  });
  readonly focus = new RowFocus(this.#window, this.#inSight);
  readonly #rows = new KeyRows({
    keys: this.#keys,
    window: this.#window,
    tabbed: this.focus.place,
    rowPx,
  });
  readonly #size = computed(() => this.#window().size);
  readonly rows = computed(() => this.#rows.first(this.#size()));
  readonly fullPx = computed(() => this.#keys().length * rowPx);
  readonly wishedPx = computed(() => Math.min(this.feed.known().total, mostRows) * rowPx);
  #selectedPlace: number | null = null;
  #resting: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const destroyed = inject(DestroyRef);
    afterNextRender(() => {
      const scroller = this.scroller().nativeElement;
      // Not a listener of the template: that would have the whole table looked at in each frame.
      const scrolled = (): void => this.#scrolled(scroller);
      scroller.addEventListener('scroll', scrolled, { passive: true });
      const resized = new ResizeObserver(() => {
        this.#height.set(scroller.clientHeight);
        this.barPx.set(scroller.offsetWidth - scroller.clientWidth);
      });
      resized.observe(scroller);
      destroyed.onDestroy(() => {
        scroller.removeEventListener('scroll', scrolled);
        resized.disconnect();
        clearTimeout(this.#resting);
      });
    });
    effect(() => {
      this.#window();
      untracked(() => this.#rows.place());
    });
    effect(() => {
      const seen = this.#inSight();
      untracked(() => this.feed.look(seen));
    });
    effect(() => {
      // Another list is read from its begin.
      this.feed.listed();
      this.#selectedPlace = null;
      untracked(() => this.scroller().nativeElement.scrollTo(0, 0));
    });
  }

  sortBy(field: 'last_used_at' | 'requests' | 'failures'): void {
    this.sorted.emit(this.sort() === `-${field}` ? field : `-${field}`);
  }

  ariaSort(field: string): 'ascending' | 'descending' | 'none' {
    if (this.sort() === field) return 'ascending';
    return this.sort() === `-${field}` ? 'descending' : 'none';
  }

  /** With Shift all from the one that was chosen before, as in any list. */
  select({ shiftKey }: MouseEvent, place: number, id: string): void {
    const before = this.#selectedPlace;
    this.#selectedPlace = place;
    if (!shiftKey || before === null) return this.selection.toggle(id);
    const [start, end] = [Math.min(before, place), Math.max(before, place) + 1];
    const ids = this.#keys().slice(start, end);
    this.selection.put(
      ids.map((each) => each.id),
      !this.selection.has(id),
    );
  }

  /** With an arrow key to the same control of another row. */
  step(event: KeyboardEvent): void {
    const scroller = this.scroller().nativeElement;
    const row = this.#focusedRow(scroller);
    const place = row && placeAfter(event.key, row.place(), this.#keys().length);
    if (row === undefined || place === undefined) return;
    event.preventDefault();
    focusAlike(this.#elementOf(row), this.#elementOf(this.#rows.at(place)));
    scroller.scrollTop = scrolledTo(place, {
      top: scroller.scrollTop,
      height: scroller.clientHeight,
      rowPx,
    });
  }

  #elementOf(row: KeyRow | undefined): HTMLElement | undefined {
    return this.elements()[row?.number ?? -1]?.nativeElement;
  }

  /** Takes the focus that had been on what is there no more. */
  takeFocus(): void {
    this.scroller().nativeElement.focus({ preventScroll: true });
  }

  #scrolled(scroller: HTMLElement): void {
    const focused = this.#focusedRow(scroller);
    const before = focused?.place();
    this.#top.set(scroller.scrollTop);
    this.#rows.place();
    // Its key went out of sight, and the row shows another: what is pressed next is not meant for that.
    if (focused !== undefined && focused.place() !== before)
      scroller.focus({ preventScroll: true });
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#rested(), restMs);
  }

  #focusedRow(scroller: HTMLElement): KeyRow | undefined {
    const { activeElement } = document;
    if (activeElement === scroller || !scroller.contains(activeElement)) return undefined;
    const number = this.elements().findIndex((each) => each.nativeElement.contains(activeElement));
    return this.#rows.numbered(number);
  }

  #rested(): void {
    const elements = this.elements().map((each) => each.nativeElement);
    const inOrder = rowsInOrder(this.#window()).flatMap((row) => elements[row] ?? []);
    putInOrder(inOrder, inOrder[0]?.parentNode?.lastChild ?? null);
  }
}
