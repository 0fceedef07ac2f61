import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Key } from '../api/generated.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { I18n } from '../i18n/i18n.ts';

/** Why a key is in its state, in a line of a list: its note first, until when it rests, else the server's sentence. */
@Component({
  selector: 'km-key-reason',
  imports: [TimeAgo],
  host: {
    // What says nothing needs no clipping, which costs a list time in each frame.
    '[class.clip]': 'full() !== ""',
    '[attr.title]': 'full() || null',
  },
  template: `
    @if (rest(); as it) {
      {{ it.model ?? i18n.t('key.allModels') }} <span class="faint">→</span>&ngsp;
      <km-time [at]="it.until" />
    } @else {
      {{ text() }}
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class KeyReason {
  readonly i18n = inject(I18n);
  readonly key = input.required<Key>();
  readonly rest = computed(() => {
    const { note, status, cooldowns } = this.key();
    return note === '' && status === 'cooling' ? cooldowns[0] : undefined;
  });
  readonly text = computed(() => this.key().note || this.full());
  /** Empty when there is nothing to tell but that all is well. */
  readonly full = computed(() => {
    const { note, status, streak, why } = this.key();
    return note === '' && status === 'active' && streak === 0 ? '' : this.i18n.sentence(why);
  });
}
