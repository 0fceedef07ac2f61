import {
  booleanAttribute,
  ChangeDetectionStrategy,
  Component,
  computed,
  inject,
  input,
} from '@angular/core';
import { I18n } from '../i18n/i18n.ts';
import { WallClock } from './clock.ts';

/** A moment: relative to read, absolute to be sure. */
@Component({
  selector: 'km-time',
  template: `@if (at(); as at) {
      <time [attr.datetime]="at" [title]="full()"
        >{{ text() }}{{ exact() ? ' · ' + full() : '' }}</time
      >
    } @else {
      <span class="faint">–</span>
    }`,
  styles: `
    :host {
      white-space: nowrap;
    }
    :host([exact]) {
      white-space: normal;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TimeAgo {
  readonly #i18n = inject(I18n);
  readonly #clock = inject(WallClock);
  readonly at = input.required<string | null>();

  /** Tells the moment itself, too, where it matters and nothing can be pointed at on a phone. */
  readonly exact = input(false, { transform: booleanAttribute });

  readonly full = computed(() => this.#i18n.dateTime(this.at() ?? 0));
  readonly text = computed(() => {
    const at = this.at() ?? '';
    // A moment that is newer than the last tick is not in the future.
    return this.#i18n.relative(at, Math.max(this.#clock.nowMs(), Date.now()));
  });
}
