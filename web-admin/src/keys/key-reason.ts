import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Key } from '../api/generated.ts';
import { WallClock } from '../design/clock.ts';
import { I18n } from '../i18n/i18n.ts';
import { restText } from './rest-text.ts';
import { whyText } from './why-text.ts';

/** Why a key is in its state, in a line of a list: its note first, until when it rests, else the server's sentence. */
@Component({
  selector: 'km-key-reason',
  host: {
    // What says nothing needs no clipping, which costs a list time in each frame.
    '[class.clip]': 'full() !== ""',
    '[attr.title]': 'full() || null',
  },
  template: `{{ text() }}`,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class KeyReason {
  readonly i18n = inject(I18n);
  readonly key = input.required<Key>();
  readonly #clock = inject(WallClock);
  readonly text = computed(() => {
    const { note, status, cooldowns } = this.key();
    const rest = note === '' && status === 'cooling' ? cooldowns[0] : undefined;
    return rest === undefined
      ? note || this.full()
      : restText(this.i18n, rest, this.#clock.nowMs());
  });
  /** Empty when there is nothing to tell but that all is well. */
  readonly full = computed(() => {
    const { note, status, streak, why } = this.key();
    return note === '' && status === 'active' && streak === 0 ? '' : whyText(this.i18n, why);
  });
}
